package score

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"
)

// What is embedded must be what the solver gives now. Other processors may fuse multiplications and
// additions, hence a tolerance.
func TestEmbeddedTablesAreFresh(t *testing.T) {
	t.Parallel()
	tables, err := embeddedTables()
	if err != nil {
		t.Fatal(err)
	}
	present := map[tableKey]bool{}
	for _, table := range tables {
		present[keyOf(table.DeltaMillis, table.Fingerprint)] = true
		fresh, err := Solve(table.DeltaMillis, table.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		if worst := difference(t, table, fresh); worst > 1e-9 {
			t.Errorf("%d ms, [%v, %v]: embedded scores are %g off; run go generate",
				table.DeltaMillis, table.Fingerprint.Lo, table.Fingerprint.Hi, worst)
		}
	}
	for _, fp := range []Fingerprint{fiveSeconds, {Lo: 10 * time.Second, Hi: 11500 * time.Millisecond}, {Lo: 15 * time.Second, Hi: 16 * time.Second}} {
		for _, deltaMillis := range UsualMillis() {
			if !present[keyOf(deltaMillis, fp)] {
				t.Errorf("%d ms, [%v, %v]: not embedded", deltaMillis, fp.Lo, fp.Hi)
			}
		}
	}
}

// However many ask at once, and under whatever name, there is one table.
func TestCacheSolvesOnce(t *testing.T) {
	t.Parallel()
	var cache Cache
	tables := make([]*Table, 8)
	var wait sync.WaitGroup
	for i := range tables {
		wait.Go(func() {
			fp := fiveSeconds
			fp.Name = string(rune('a' + i))
			table, err := cache.Table(1250, fp)
			if err != nil {
				t.Error(err)
			}
			tables[i] = table
		})
	}
	wait.Wait()
	for _, table := range tables {
		if table == nil || table != tables[0] {
			t.Fatalf("different tables for one fingerprint: %p and %p", table, tables[0])
		}
	}
	if tables[0].Fingerprint.Name != "" || tables[0].DeltaMillis != 1250 {
		t.Errorf("table of %v at %d ms", tables[0].Fingerprint, tables[0].DeltaMillis)
	}
}

func TestCacheAddReplaces(t *testing.T) {
	t.Parallel()
	for _, added := range []int64{1000, 1100} { // embedded, and not
		cache := NewCache()
		own := newTable(added, fiveSeconds)
		cache.Add(own)
		if got, err := cache.Table(added, fiveSeconds); err != nil || got != own {
			t.Errorf("%d ms: got %p (%v), want the added %p", added, got, err, own)
		}
	}
}

func TestCacheKeepsErrors(t *testing.T) {
	t.Parallel()
	cache := NewCache()
	for range 2 {
		if _, err := cache.Table(-1, fiveSeconds); !errors.Is(err, ErrFingerprint) {
			t.Errorf("error %v", err)
		}
	}
}

func TestBinaryRejects(t *testing.T) {
	t.Parallel()
	table, err := Solve(3000, fiveSeconds)
	if err != nil {
		t.Fatal(err)
	}
	good, err := table.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var again Table
	if err := again.UnmarshalBinary(good); err != nil || difference(t, &again, table) != 0 {
		t.Fatalf("round trip: %v", err)
	}
	for n := range good {
		if err := again.UnmarshalBinary(good[:n]); err == nil {
			t.Fatalf("no error for %d of %d bytes", n, len(good))
		}
	}
	if err := again.UnmarshalBinary(append(good[:len(good):len(good)], 0)); err == nil {
		t.Error("no error for a byte too many")
	}
	good[0]++
	if err := again.UnmarshalBinary(good); err == nil {
		t.Error("no error for another version")
	}
}

// Whatever decodes must encode to the same bytes.
func FuzzBinary(f *testing.F) {
	table, err := Solve(3000, fiveSeconds)
	if err != nil {
		f.Fatal(err)
	}
	seed, err := table.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:41])
	f.Fuzz(func(t *testing.T, data []byte) {
		var table Table
		if table.UnmarshalBinary(data) != nil {
			return
		}
		again, err := table.MarshalBinary()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%d bytes became %d (%v)", len(data), len(again), err)
		}
	})
}
