package detector

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// smallState is a snapshot with open trials, cells on their way, an alarm, and two fingerprints.
func smallState(tb testing.TB) (state []byte, fresh func() *Detector) {
	rng := rand.New(rand.NewPCG(11, 11))
	g := newGrid(1000, 2, rng)
	g.onRoute(0, 0, 2)
	g.onRoute(1, 1, 1)
	tables := referenceTables(tb)
	fresh = func() *Detector {
		return New(Options{Fingerprints: []score.Fingerprint{syn, gateway}, Tables: tables, FalseAlarmsPerMonth: 1}, g)
	}
	d := fresh()
	events := g.cellsOf(withPairs(poisson(30), 20)(rng, 4, 2), g.units[:2])
	last := events[len(events)-1].AtMillis
	if err := d.Feed(observe.Piece{FromMillis: origin, ToMillis: last + 1, Events: events}, g.units); err != nil {
		tb.Fatal(err)
	}
	return snapshot(tb, d), fresh
}

// TestSnapshotRefused: data that nobody wrote, that belongs to another configuration, or that is cut
// short is refused, and the state stays what it was.
func TestSnapshotRefused(t *testing.T) {
	t.Parallel()
	state, fresh := smallState(t)
	d := fresh()
	before := snapshot(t, d)
	for n := range len(state) {
		if d.UnmarshalBinary(state[:n]) == nil {
			t.Fatalf("the first %d of %d bytes were taken", n, len(state))
		}
	}
	other := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t)}, nil)
	if other.UnmarshalBinary(state) == nil {
		t.Error("a snapshot of two fingerprints was taken for one")
	}
	if !bytes.Equal(before, snapshot(t, d)) {
		t.Error("a refused snapshot changed the state")
	}
	if err := d.UnmarshalBinary(state); err != nil || !bytes.Equal(state, snapshot(t, d)) {
		t.Errorf("the snapshot itself: %v", err)
	}
}

// resealed puts the right checksum under damaged data, so that the decoder behind it is reached.
func resealed(data []byte) []byte {
	n := max(len(data)-crc32.Size, 0)
	return binary.LittleEndian.AppendUint32(append([]byte{}, data[:n]...), crc32.ChecksumIEEE(data[:n]))
}

// FuzzSnapshot: whatever the bytes are, and even if their checksum is right, they are either refused or
// give a state that works on and has bytes of its own that can be read again.
func FuzzSnapshot(f *testing.F) {
	state, fresh := smallState(f)
	f.Add(state)
	f.Add(snapshot(f, fresh()))
	f.Add([]byte(snapshotMagic))
	rng := rand.New(rand.NewPCG(12, 12))
	for range 200 {
		damaged := bytes.Clone(state)
		damaged[len(snapshotMagic)+rng.IntN(len(damaged)-len(snapshotMagic))] ^= 1 << rng.IntN(8)
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, resealed(data)} {
			d := fresh()
			if d.UnmarshalBinary(data) != nil {
				continue
			}
			again := snapshot(t, d)
			if err := fresh().UnmarshalBinary(again); err != nil {
				t.Fatalf("a state that was taken gives a snapshot that is not: %v", err)
			}
			d.nextHour = 1 << 62
			d.advance(d.watermarkMillis + minuteMillis)
		}
	})
}
