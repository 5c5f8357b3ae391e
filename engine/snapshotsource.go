package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ghostpair/ghostpair/finding"
)

// marshal appends the state of the source.
func (t *timing) marshal(w *writer) error {
	if t.pending != nil {
		return errors.New("a piece is observed and not judged yet")
	}
	observed, err := t.observer.MarshalBinary()
	if err != nil {
		return err
	}
	judged, err := t.detector.MarshalBinary()
	if err != nil {
		return err
	}
	w.text(t.Name)
	w.number(t.watermarkMillis)
	writeQuality(w, t.quality)
	t.baseline.marshal(w)
	w.block(observed)
	w.block(judged)
	return nil
}

// unmarshal reads what marshal wrote.
func (t *timing) unmarshal(r *parser) error {
	if name := r.text(); r.err == nil && name != t.Name {
		return fmt.Errorf("%w: its source is %q where the configuration has %q", ErrSnapshotOther, name, t.Name)
	}
	t.watermarkMillis = r.number()
	t.quality = readQuality(r)
	t.baseline.unmarshal(r)
	observed, judged := r.block(), r.block()
	if r.err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotDamaged, t.Name, r.err)
	}
	// The checksum was right: what cannot be understood was written by another version.
	if err := t.observer.UnmarshalBinary(observed); err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotOther, t.Name, err)
	}
	if err := t.detector.UnmarshalBinary(judged); err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotOther, t.Name, err)
	}
	return nil
}

func writeQuality(w *writer, q finding.Quality) {
	for _, n := range []int64{
		int64(q.Series), q.Samples, q.Births, q.Baselines, q.Renames, q.Resets, q.Gaps, q.Late,
		int64(q.UnroutedSeries), int64(q.RoutesDropped),
	} {
		w.number(n)
	}
}

func readQuality(r *parser) finding.Quality {
	return finding.Quality{
		Series: int(r.number()), Samples: r.number(), Births: r.number(), Baselines: r.number(),
		Renames: r.number(), Resets: r.number(), Gaps: r.number(), Late: r.number(),
		UnroutedSeries: int(r.number()), RoutesDropped: int(r.number()),
	}
}

func (b *baseline) marshal(w *writer) {
	w.number(b.sinceMillis)
	if b.routes == nil {
		w.number(-1)
		return
	}
	w.number(int64(len(b.routes)))
	for _, route := range slices.Sorted(maps.Keys(b.routes)) {
		start := b.routes[route]
		w.text(route)
		w.number(start.createdMillis)
		w.number(start.errors)
		for _, n := range start.lags.Bins {
			w.number(int64(n))
		}
		w.float(start.lags.SumSeconds)
	}
}

func (b *baseline) unmarshal(r *parser) {
	b.sinceMillis = r.number()
	n := r.number()
	if n < 0 {
		return
	}
	b.routes = make(map[string]routeStart)
	for range n {
		route := r.text()
		start := routeStart{createdMillis: r.number(), errors: r.number()}
		for i := range start.lags.Bins {
			start.lags.Bins[i] = uint64(r.number())
		}
		start.lags.SumSeconds = r.float()
		if r.err != nil {
			return
		}
		b.routes[route] = start
	}
}
