package engine

import (
	"errors"
	"fmt"
	"log/slog"
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
	writeSkipped(w, t.skipped)
	w.number(int64(len(t.warnings)))
	for _, text := range t.warnings {
		w.text(text)
	}
	w.block(observed)
	w.block(judged)
	var recorded []byte
	if t.Recorder != nil {
		if recorded, err = t.Recorder.MarshalBinary(); err != nil {
			return err
		}
	}
	w.block(recorded)
	t.minutes.marshal(w)
	if err := t.coarse.marshal(w); err != nil {
		return err
	}
	return t.latency.marshal(w)
}

// unmarshal reads what marshal wrote.
func (t *timing) unmarshal(r *parser, o *Options) error {
	if name := r.text(); r.err == nil && name != t.Name {
		return fmt.Errorf("%w: its source is %q where the configuration has %q", ErrSnapshotOther, name, t.Name)
	}
	t.watermarkMillis = r.number()
	t.quality = readQuality(r)
	t.baseline.unmarshal(r)
	t.skipped = readSkipped(r, t.Name)
	for n := r.number(); n > 0 && r.err == nil; n-- {
		t.warnings = append(t.warnings, r.text())
	}
	t.resumed = true
	observed, judged, recorded := r.block(), r.block(), r.block()
	t.minutes.unmarshal(r)
	err := t.coarse.unmarshal(r)
	if err == nil {
		err = t.latency.unmarshal(r)
	}
	if r.err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotDamaged, t.Name, r.err)
	}
	// The checksum was right: what cannot be understood was written by another version.
	if err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotOther, t.Name, err)
	}
	if err := t.observer.UnmarshalBinary(observed); err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotOther, t.Name, err)
	}
	if err := t.detector.UnmarshalBinary(judged); err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotOther, t.Name, err)
	}
	t.applyLimit(o.Logger)
	if t.Recorder == nil {
		return nil
	}
	if err := t.Recorder.UnmarshalBinary(recorded); err != nil {
		return fmt.Errorf("%w: source %q: %w", ErrSnapshotOther, t.Name, err)
	}
	return nil
}

// applyLimit drops routes when the limit was lowered since the state was written, and lets others in when it
// was raised.
func (t *timing) applyLimit(logger *slog.Logger) {
	dropped := t.observer.Limit(t.RouteLimit)
	if len(dropped) == 0 {
		return
	}
	t.detector.Forget(dropped)
	t.quality.RoutesDropped += len(dropped)
	logger.Warn("limits.routes was lowered: routes that were seen last are not watched any more", "source_name", t.Name,
		"limit", t.RouteLimit, "dropped", len(dropped), "first", dropped[0], "last", dropped[len(dropped)-1])
}

func writeSkipped(w *writer, windows []finding.FailedWindow) {
	w.number(int64(len(windows)))
	for _, f := range windows {
		w.number(f.Start.UnixMilli())
		w.number(f.End.UnixMilli())
		w.text(f.Reason)
		w.text(f.Error)
	}
}

func readSkipped(r *parser, source string) []finding.FailedWindow {
	var windows []finding.FailedWindow
	for n := r.number(); n > 0 && r.err == nil; n-- {
		f := finding.FailedWindow{Source: source}
		f.Start, f.End = instant(r.number()), instant(r.number())
		f.Reason, f.Error = r.text(), r.text()
		windows = append(windows, f)
	}
	return windows
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
