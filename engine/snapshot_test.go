package engine

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// written returns a snapshot of an engine that has read something.
func written(t *testing.T) []byte {
	t.Helper()
	fine, coarse := twoSources(nil)
	e := newEngine(t, options(fine, coarse))
	advance(t, e, start.Add(time.Hour))
	data, err := e.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDamagedSnapshotIsRefused(t *testing.T) {
	t.Parallel()
	data := written(t)
	fine, coarse := twoSources(nil)
	e := newEngine(t, options(fine, coarse))
	before, _ := e.MarshalBinary()
	for _, at := range []int{0, len(snapshotMagic), len(snapshotMagic) + 20, len(data) / 2, len(data) - 1} {
		bad := append([]byte{}, data...)
		bad[at] ^= 0x20
		if err := e.UnmarshalBinary(bad); !errors.Is(err, ErrSnapshotDamaged) {
			t.Errorf("byte %d changed: error %v, want that it is damaged", at, err)
		}
		if err := e.UnmarshalBinary(data[:at]); !errors.Is(err, ErrSnapshotDamaged) {
			t.Errorf("cut at %d: error %v, want that it is damaged", at, err)
		}
	}
	if after, _ := e.MarshalBinary(); string(after) != string(before) {
		t.Error("a damaged snapshot changed the engine")
	}
	if err := e.UnmarshalBinary(data); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

// resealed puts the right checksum under changed data.
func resealed(data []byte) []byte {
	body := data[:len(data)-crc32.Size]
	return binary.BigEndian.AppendUint32(append([]byte{}, body...), crc32.Checksum(body, castagnoli))
}

func TestSnapshotOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	data := written(t)
	version := append([]byte{}, data...)
	version[len(snapshotMagic)+7]++
	fine, coarse := twoSources(nil)
	for name, c := range map[string]struct {
		data   []byte
		change func(*Options)
		want   string
	}{
		"version": {resealed(version), func(*Options) {}, "it has version 6, this program writes 5"},
		"config":  {data, func(o *Options) { o.ConfigHash = "other" }, "have changed since"},
		"fewer":   {data, func(o *Options) { o.Sources = o.Sources[:1] }, "it has 2 sources, the configuration 1"},
		"name":    {data, func(o *Options) { o.Sources[1].Name = "x" }, `its source is "coarse" where the configuration has "x"`},
	} {
		o := options(fine, coarse)
		c.change(&o)
		err := newEngine(t, o).UnmarshalBinary(c.data)
		if !errors.Is(err, ErrSnapshotOther) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if err := newEngine(t, options(fine, coarse)).UnmarshalBinary(resealed(data[:len(data)-40])); err == nil {
		t.Error("a snapshot without its end was taken")
	}
}

func TestSnapshotFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	fine, coarse := twoSources(nil)
	e := newEngine(t, options(fine, coarse))
	if err := e.ReadSnapshot(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v, want that there is none", err)
	}
	advance(t, e, start.Add(time.Hour))
	for range 2 { // the second one replaces the first
		if err := e.WriteSnapshot(path); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("files = %v, %v: want the snapshot alone", files, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v: want 0600", info, err)
	}
	if err := os.WriteFile(path, []byte("ghostpair-state\nbut not much of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = newEngine(t, options(fine, coarse)).ReadSnapshot(path)
	if !errors.Is(err, ErrSnapshotDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "it is replaced") {
		t.Errorf("error = %v, want the path and what to do", err)
	}
}

// A device that is always full stands for a full disk: the old snapshot must stay.
func TestFullDiskKeepsTheOldSnapshot(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	path := filepath.Join(t.TempDir(), "state")
	fine, coarse := twoSources(nil)
	e := newEngine(t, options(fine, coarse))
	if err := e.WriteSnapshot(path); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", path+".tmp"); err != nil {
		t.Fatal(err)
	}
	advance(t, e, start.Add(time.Hour))
	if err := e.WriteSnapshot(path); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("error = %v, want that the disk is full", err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
		t.Errorf("the old snapshot is not what it was: %v", err)
	}
}

func TestBaseline(t *testing.T) {
	t.Parallel()
	at := func(minutes int) int64 { return start.Add(time.Duration(minutes) * time.Minute).UnixMilli() }
	route := func(name string, errors int64) finding.Route {
		return finding.Route{Route: name, Errors: errors, Interarrival: finding.LagCounts{Bins: [finding.InterarrivalEdges]uint64{uint64(errors)}, SumSeconds: float64(errors)}}
	}
	var b baseline
	check := func(name string, r finding.Route, errors int64, createdMinute int) {
		t.Helper()
		got := b.since(r)
		if got.Errors != errors || got.Interarrival.Bins[0] != uint64(errors) || got.Interarrival.SumSeconds != float64(errors) || !got.Created.Equal(instant(at(createdMinute))) {
			t.Errorf("%s: %d errors, %v, since %s; want %d since minute %d", name, got.Errors, got.Interarrival, got.Created, errors, createdMinute)
		}
	}
	b.update([]finding.Route{route("old", 100)}, at(0))
	check("history is not counted", route("old", 100), 0, 0)
	b.update([]finding.Route{route("old", 103), route("new", 2)}, at(1))
	check("three since the warm-up", route("old", 103), 3, 0)
	check("a route that came since", route("new", 2), 2, 0)
	b.update([]finding.Route{route("old", 103)}, at(2))
	b.update([]finding.Route{route("old", 1), route("new", 1)}, at(3))
	check("a route that left and came back", route("new", 1), 1, 2)
	check("a route that counts anew", route("old", 1), 1, 2)

	var w writer
	b.marshal(&w)
	var read baseline
	read.unmarshal(&parser{rest: w})
	b, w = read, nil
	check("read back", route("new", 1), 1, 2)
}
