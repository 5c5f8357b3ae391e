package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
)

// opened is a history of its own.
func opened(t *testing.T) *history {
	t.Helper()
	h, shared, err := openHistory(t.TempDir())
	if err != nil || shared {
		t.Fatalf("open: %v, shared %v", err, shared)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// newest is the time of the newest sample of anything, and the number of `up` samples in all.
func newest(t *testing.T, dir string) (last int64, ups int) {
	t.Helper()
	db, err := tsdb.Open(dir, nil, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	querier, err := db.Querier(0, 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	defer querier.Close()
	set := querier.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "up"))
	for set.Next() {
		samples := set.At().Iterator(nil)
		for samples.Next() != 0 {
			ups++
			last = max(last, samples.AtT())
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return last, ups
}

// A second start writes only what is new; what a run left behind in between goes; and the storage
// reaches up to now without a hole.
func TestHistoryIsKept(t *testing.T) {
	t.Parallel()
	h, fleet := opened(t), shop()
	block := time.Duration(promtest.BlockMillis) * time.Millisecond
	now := time.UnixMilli(1_780_000_000_000)
	first, kept, err := h.fill(fleet, now.Add(-3*block), now)
	if err != nil || kept != 0 || first == 0 {
		t.Fatalf("first start: %d written, %d kept, %v", first, kept, err)
	}
	if err := os.MkdirAll(filepath.Join(h.dir, "wal"), 0o700); err != nil {
		t.Fatal(err)
	}
	later := now.Add(block)
	second, kept, err := h.fill(fleet, later.Add(-3*block), later)
	if err != nil || second >= first || kept == 0 {
		t.Fatalf("second start: %d written, %d kept, %v", second, kept, err)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "wal")); err == nil {
		t.Error("the log of the last run is still there")
	}
	last, ups := newest(t, h.dir)
	if behind := later.UnixMilli() - last; behind < 0 || behind >= 1000 {
		t.Errorf("the newest sample is %d ms before the end", behind)
	}
	// two targets, one sample a second from the start of the block that `from` is in
	from := promtest.BlockEnd(later.Add(-3*block).UnixMilli()) - promtest.BlockMillis
	if want := int(2 * (later.UnixMilli() - from) / 1000); ups < want-2 || ups > want+2 {
		t.Errorf("%d samples of up, want %d", ups, want)
	}
}

func TestHistoryInUse(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	one, _, err := openHistory(data)
	if err != nil {
		t.Fatal(err)
	}
	two, shared, err := openHistory(data)
	if err != nil || !shared || two.dir == one.dir {
		t.Errorf("second demo: %+v, shared %v, %v", two, shared, err)
	}
	for _, h := range []*history{two, one} {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(two.dir); err == nil {
		t.Error("the history of the second demo stays behind")
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 23410112: "23,410,112"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{7 * 24 * time.Hour: "7 days", 36 * time.Hour: "1d12h", time.Hour: "1h"} {
		if got := days(d); got != want {
			t.Errorf("days(%v) = %s, want %s", d, got, want)
		}
	}
}
