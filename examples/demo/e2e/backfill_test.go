package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
)

// week is the fleet at a coarser scrape interval, so that many days are few samples.
func week() *simulate.Fleet {
	f := fleet()
	for i := range f.Targets {
		f.Targets[i].Grid.Interval = 3 * time.Second
	}
	f.Targets[2].GoneMillis = start.Add(50 * time.Hour).UnixMilli()
	f.Routes = f.Routes[:2]
	return f
}

func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// backfillOf are the arguments of a backfill from the start to an end.
func backfillOf(url string, end time.Time, more ...string) []string {
	return append([]string{
		"backfill", "--prometheus.url=" + url, "--start=" + unix(start), "--end=" + unix(end), "--log.level=error",
	}, more...)
}

// Killed at any moment and started again, it ends with the bytes of a run that was left alone, and
// reads at most the piece at hand of each source twice.
func TestBackfillSurvivesKills(t *testing.T) {
	t.Parallel()
	end := start.Add(6 * 24 * time.Hour)
	server := served(t, week(), end, promtest.Options{})
	for round, output := range [][]string{
		{"--output=json"},
		{"--output=openmetrics", "--step=6h"},
		{"--explain=httproute/a/quiet/rule/0"},
	} {
		t.Run(output[0], func(t *testing.T) {
			t.Parallel()
			calm := newProxy(t, server.URL())
			want := ghostpair(t, backfillOf(calm.URL, end, output...)...)
			if want.code != 0 || want.stderr != "" || len(want.stdout) < 1000 {
				t.Fatalf("left alone: exit code %d, %d bytes, %s", want.code, len(want.stdout), want.stderr)
			}
			random := rand.New(rand.NewPCG(uint64(round), 77))
			slow := newProxy(t, server.URL())
			slow.latency.Store(int64(20 * time.Millisecond))
			journal := filepath.Join(t.TempDir(), "journal")
			args := backfillOf(slow.URL, end, append(output, "--journal="+journal)...)
			got, kills := killed(t, random, args)
			if got.code != 0 || got.stderr != "" {
				t.Fatalf("after %d kills: exit code %d: %s", kills, got.code, got.stderr)
			}
			if got.stdout != want.stdout {
				t.Errorf("after %d kills the output is another:\n%s\nwant\n%s", kills, got.stdout, want.stdout)
			}
			if kills < 3 {
				t.Errorf("%d kills are no test", kills)
			}
			checkRepeated(t, calm, slow, kills)
			if _, err := os.Stat(journal); !os.IsNotExist(err) {
				t.Errorf("the journal is still there: %v", err)
			}
		})
	}
}

// checkRepeated checks what was read in spite of kills: of each thing all that a calm run reads, and for
// every kill no more than the piece that was at hand.
func checkRepeated(t *testing.T, calm, slow *proxy, kills int) {
	t.Helper()
	once, again := calm.reads(), slow.reads()
	if len(once) != len(again) || len(once) < 2 { // two sources at least
		t.Errorf("%d things were read, %d by a run that was left alone", len(again), len(once))
	}
	for what, r := range again {
		left := once[what].total
		if most := left + time.Duration(kills)*max(r.longest, once[what].longest); r.total < left || r.total > most {
			t.Errorf("after %d kills %s was read of %s, want %s to %s", kills, r.total, what, left, most)
		}
	}
}

// killed runs a command until it ends by itself, and kills it before that, now and then.
func killed(t *testing.T, random *rand.Rand, args []string) (run, int) {
	t.Helper()
	kills := 0
	for {
		cmd, stdout, stderr := command(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var timer *time.Timer
		if kills < 12 {
			timer = time.AfterFunc(time.Duration(20+random.IntN(350))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
		_ = cmd.Wait() // the state tells
		if timer != nil {
			timer.Stop()
		}
		if cmd.ProcessState.Exited() {
			return run{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}, kills
		}
		if stderr.Len() > 0 {
			t.Errorf("before it was killed it said: %s", stderr)
		}
		kills++
	}
}

// Told to stop, it says how to go on, and goes on.
func TestBackfillIsInterrupted(t *testing.T) {
	t.Parallel()
	end := start.Add(2 * 24 * time.Hour)
	p := newProxy(t, served(t, week(), end, promtest.Options{}).URL())
	want := ghostpair(t, backfillOf(p.URL, end, "--output=csv")...)
	slow := newProxy(t, p.upstream)
	slow.latency.Store(int64(150 * time.Millisecond))
	args := backfillOf(slow.URL, end, "--output=csv", "--journal="+filepath.Join(t.TempDir(), "journal"))
	cmd, stdout, stderr := command(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !slow.answered(2) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the state tells
	if code := cmd.ProcessState.ExitCode(); code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "the same command goes on from") {
		t.Errorf("exit code %d, %d bytes of output: %s", code, stdout.Len(), stderr)
	}
	slow.latency.Store(0) // it has been slow for long enough to be interrupted
	if got := ghostpair(t, args...); got != want {
		t.Errorf("resumed: %+v\nwant %+v", got, want)
	}
}

// Resets, stalls, errors and answers that break off: the output is that of a calm day. Most of it is
// waiting for another try, so that several runs, each with misfortunes of its own, wait together.
func TestBackfillThroughAFlakyProxy(t *testing.T) {
	t.Parallel()
	end := start.Add(7 * time.Hour)
	server := served(t, week(), end, promtest.Options{RemoteReadBytesInFrame: 1 << 12})
	want := ghostpair(t, backfillOf(server.URL(), end, "--output=json")...)
	if want.code != 0 {
		t.Fatalf("directly: exit code %d: %s", want.code, want.stderr)
	}
	proxies := make([]*proxy, 6)
	var runs sync.WaitGroup
	for i := range proxies {
		p := newProxy(t, server.URL())
		p.flaky, p.spared = rand.New(rand.NewPCG(12, uint64(i))), 8
		proxies[i] = p
		runs.Go(func() {
			t.Run(fmt.Sprint(i), func(t *testing.T) { checkFlaky(t, p, end, want.stdout) })
		})
	}
	runs.Wait()
	failures := map[string]int{}
	for _, p := range proxies {
		for kind, n := range p.failures {
			failures[kind] += n
		}
	}
	if len(failures) < 4 {
		t.Errorf("only %v went wrong", failures)
	}
}

// checkFlaky checks what a backfill through a proxy gives.
func checkFlaky(t *testing.T, p *proxy, end time.Time, want string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "ghostpair.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "prometheus: {url: %q, timeout: 1s}\n", p.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	got := ghostpair(t, "backfill", "--config.file="+config, "--start="+unix(start), "--end="+unix(end),
		"--log.level=error", "--output=json", "--max-samples-per-second=400000") // pieces, not one
	if got.code != 0 {
		t.Fatalf("exit code %d after %v: %s", got.code, p.failures, got.stderr)
	}
	if got.stdout != want {
		t.Errorf("after %v the output is another:\n%s\nwant\n%s", p.failures, got.stdout, want)
	}
	if len(p.failures) == 0 {
		t.Error("nothing went wrong")
	}
}

// A part of the storage that cannot be read: skipped and listed, or the end of it.
func TestBackfillContinuesOnError(t *testing.T) {
	t.Parallel()
	end := start.Add(3 * 24 * time.Hour)
	bad := start.Add(40 * time.Hour)
	p := newProxy(t, served(t, week(), end, promtest.Options{}).URL())
	p.broken = func(from, to int64) bool { return from < bad.UnixMilli() && bad.UnixMilli() <= to }
	for _, c := range []struct {
		flag     string
		end      time.Time
		exposure float64 // hours, at most
	}{
		{"--continue-on-error", end, 71.1},
		{"--no-continue-on-error", bad, 40},
	} {
		got := ghostpair(t, backfillOf(p.URL, end, "--output=json", c.flag, "--fail-on=paired")...)
		var d finding.Document
		if err := json.Unmarshal([]byte(got.stdout), &d); err != nil || got.code != 4 {
			t.Fatalf("%s: exit code %d, %v: %s", c.flag, got.code, err, got.stderr)
		}
		valid(t, documentSchema, got.stdout)
		if d.Window.End.After(c.end) || c.end.Sub(d.Window.End) > 24*time.Hour {
			t.Errorf("%s: the window ends at %s, want about %s", c.flag, d.Window.End, c.end)
		}
		if len(d.FailedWindows) != 2 { // one of each source
			t.Fatalf("%s: failed windows = %+v", c.flag, d.FailedWindows)
		}
		for _, w := range d.FailedWindows {
			if !w.Start.Before(bad) || w.End.Before(bad) || w.Reason != "bad_request" {
				t.Errorf("%s: failed window %+v, want one around %s", c.flag, w, bad)
			}
		}
		for _, f := range d.Findings {
			if f.ExposureSeconds > c.exposure*3600 {
				t.Errorf("%s: %s was exposed for %.1f h", c.flag, f.Route, f.ExposureSeconds/3600)
			}
		}
	}
}

// A start before the oldest data is said once, and is no error.
func TestBackfillBeforeTheOldestData(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	server := served(t, fleet(), end, promtest.Options{})
	got := ghostpair(t, "backfill", "--prometheus.url="+server.URL(), "--output=json",
		"--start="+unix(start.Add(-20*24*time.Hour)), "--end="+unix(end))
	const warning = "Prometheus has no data from the beginning of the window"
	if got.code != 0 || strings.Count(got.stderr, warning) != 1 {
		t.Fatalf("exit code %d, want 0 and one warning: %s", got.code, got.stderr)
	}
	_, rest, _ := strings.Cut(got.stderr, "oldest=")
	oldest, err := time.Parse(time.RFC3339, strings.Fields(rest)[0])
	if off := oldest.Sub(start); err != nil || off < 0 || off > 20*time.Minute {
		t.Errorf("the oldest data are said to be of %s, %v; they are of %s", oldest, err, start)
	}
	whole := ghostpair(t, backfillOf(server.URL(), end, "--output=json")...)
	if strings.Contains(whole.stderr, warning) {
		t.Errorf("it warns though the data go back to the start: %s", whole.stderr)
	}
}

// What --dry-run says is about what is read then.
func TestDryRun(t *testing.T) {
	t.Parallel()
	end := start.Add(2 * 24 * time.Hour)
	server := served(t, week(), end, promtest.Options{})
	p := newProxy(t, server.URL())
	dry := ghostpair(t, backfillOf(p.URL, end, "--dry-run")...)
	if dry.code != 0 || len(p.asked) != 0 {
		t.Fatalf("exit code %d, %d reads: %s", dry.code, len(p.asked), dry.stderr)
	}
	var d finding.Document
	if err := json.Unmarshal([]byte(ghostpair(t, backfillOf(server.URL(), end, "--output=json")...).stdout), &d); err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../../../docs/backfill.md")
	if shown := strings.ReplaceAll(dry.stdout, p.URL, "http://localhost:9090"); err != nil || !strings.Contains(string(manual), "--dry-run\n"+shown+"```\n") {
		t.Errorf("docs/backfill.md does not show what is printed (%v):\n%s", err, shown)
	}
	text := strings.Join(strings.Fields(dry.stdout), " ")
	for _, want := range []string{"source envoy: about ", "of 3 targets, scraped every 3.0 s on average", "samples: less than a second by remote read"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, dry.stdout)
		}
	}
	_, rest, _ := strings.Cut(text, "In all ")
	number := strings.NewReplacer("k", "e3", "M", "e6").Replace(strings.Fields(rest)[0])
	estimated, err := strconv.ParseFloat(number, 64)
	up := 2 * 3 * 48 * 1200.0 // of both sources
	if read := float64(d.Quality.Samples) + up; err != nil || estimated < 0.85*read || estimated > 1.15*read {
		t.Errorf("it estimates %g samples, %v; it reads %g", estimated, err, read)
	}
}
