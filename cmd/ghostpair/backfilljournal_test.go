package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/finding"
)

// halfway leaves a journal behind: of a run that found its server away in the middle.
func halfway(t *testing.T, prometheus *fakePrometheus, args ...string) (journal string) {
	t.Helper()
	journal = filepath.Join(t.TempDir(), "journal")
	prometheus.after.Store(history.Add(3 * time.Hour).UnixMilli())
	_, stderr, code := runCommand(append(args, "--journal="+journal)...)
	if code != exitPartial {
		t.Fatalf("exit code %d, want 4: %s", code, stderr)
	}
	prometheus.after.Store(0)
	if _, err := os.Stat(journal); err != nil {
		t.Fatalf("a run in part must keep its journal: %v", err)
	}
	return journal
}

// A run that ended in part goes on where it ended, and deletes the journal when all was read.
func TestJournalOfARunInPart(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	args := backfillArgs(prometheus, "--output=json", "--max-samples-per-second=200000") // in several pieces
	want, _, _ := runCommand(args...)
	journal := halfway(t, prometheus, args...)
	got, stderr, code := runCommand(append(args, "--journal="+journal)...)
	if code != exitDone || got != want {
		t.Errorf("exit code %d, %s; it gives\n%s\nwant\n%s", code, stderr, got, want)
	}
	if _, err := os.Stat(journal); !os.IsNotExist(err) {
		t.Errorf("the journal is still there: %v", err)
	}
}

// A relative window is that of the run that began the journal.
func TestJournalKeepsARelativeWindow(t *testing.T) {
	t.Parallel()
	b := backfill{start: "-1d", end: "now", journal: filepath.Join(t.TempDir(), "journal")}
	c, err := b.config()
	if err != nil {
		t.Fatal(err)
	}
	open := func(now time.Time) (*journal, time.Time) {
		t.Helper()
		window, err := b.window(now, c)
		if err != nil {
			t.Fatal(err)
		}
		j, window, err := b.openJournal(c, window, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return j, window.End
	}
	first, then := open(history)
	again, later := open(history.Add(time.Hour))
	if first.resumed || !again.resumed || !later.Equal(then) {
		t.Errorf("resumed: %v then %v; the window ends at %s, then at %s", first.resumed, again.resumed, then, later)
	}
}

// A journal that is of another run, or none at all, is refused and stays as it is.
func TestJournalIsRefused(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	args := backfillArgs(prometheus, "--max-samples-per-second=200000")
	journal := halfway(t, prometheus, args...)
	whole, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		more    []string
		code    int
		want    string
	}{
		"start":       {whole, []string{"--start=2026-01-05T12:30:00Z"}, exitUsage, `--start is "2026-01-05T13:00:00Z" there, and "2026-01-05T12:30:00Z" now`},
		"lead-in":     {whole, []string{"--lead-in=1h"}, exitUsage, `--lead-in is "0s" there, and "1h" now`},
		"fingerprint": {whole, []string{"--fingerprint=connect-timeout-10s"}, exitUsage, "fingerprints is another"},
		"selector":    {whole, []string{"--selector=x"}, exitUsage, "it has source envoy, this run has not"},
		"explain":     {whole, []string{"--explain=x"}, exitUsage, `--explain is "" there, and "x" now`},
		"cut off":     {whole[:len(whole)/2], nil, exitFailed, "not the whole of one"},
		"a text":      {[]byte("# my notes\n"), nil, exitFailed, "it is no journal of ghostpair"},
		"empty":       {nil, nil, exitFailed, "it is no journal of ghostpair"},
	} {
		if err := os.WriteFile(journal, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		asked := prometheus.asked.Load()
		again := append(append([]string{}, args...), "--journal="+journal)
		for _, flag := range c.more { // a flag that is not repeatable is replaced
			name, _, _ := strings.Cut(flag, "=")
			for i := range again {
				if strings.HasPrefix(again[i], name+"=") && name != "--fingerprint" {
					again = append(again[:i], again[i+1:]...)
					break
				}
			}
			again = append(again, flag)
		}
		stdout, stderr, code := runCommand(again...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, "delete") {
			t.Errorf("%s: exit code %d, want %d and %q: %s", name, code, c.code, c.want, stderr)
		}
		if now, err := os.ReadFile(journal); err != nil || string(now) != string(c.content) {
			t.Errorf("%s: the file was changed: %v", name, err)
		}
		if prometheus.asked.Load() != asked {
			t.Errorf("%s: Prometheus was asked before the journal was looked at", name)
		}
	}
}

func TestJournalThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	_, stderr, code := runCommand(backfillArgs(prometheus, "--journal="+filepath.Join(t.TempDir(), "no", "such"))...)
	if code != exitFailed || !strings.Contains(stderr, "write journal") || prometheus.asked.Load() != 0 {
		t.Errorf("exit code %d after %d queries: %s", code, prometheus.asked.Load(), stderr)
	}
}

// No credentials are in the journal.
func TestJournalHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	b := backfill{start: "-1d", end: "now", from: connection{urls: []string{"http://user:hunter2@localhost:9090"}}}
	c, err := b.config()
	if err != nil {
		t.Fatal(err)
	}
	facts, err := b.facts(c, finding.Window{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "journal")
	if _, err := engine.NewJournal(path, facts); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("the password is in the journal, or it is not there: %v", err)
	}
}
