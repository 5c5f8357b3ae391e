package engine

import (
	"context"
	"errors"
	"time"

	"github.com/ghostpair/ghostpair/detector"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/finding"
)

// Latency is read up to multiples of latencyStep, on which findings depend, and in pieces that end at multiples of
// latencyPiece: a run that is resumed asks for the same.
const (
	latencyStep  = 15 * time.Second
	latencyPiece = 6 * time.Hour
)

// latency tells which paired findings have errors that took no time, from the latency histograms of the targets.
// They are read while a finding is paired, from the oldest pair that its labels come from. What it holds depends
// on what is paired then, not on what was asked before.
type latency struct {
	reader       Reader
	fingerprints []score.Fingerprint
	seen         *coarse.Latency

	sinceMillis     int64 // 0: nothing is held
	watermarkMillis int64 // read from here on
	failure         error // of the last read
}

func newLatency(s Source, o Options) *latency {
	if s.Latency == nil {
		return nil
	}
	return &latency{reader: s.Latency, fingerprints: o.Fingerprints}
}

// inDoubt is a paired finding that may deserve the label.
type inDoubt struct {
	finding     *finding.Finding
	fingerprint int
	mates       detector.Mates
}

// label adds the label fast to the findings at the watermark that deserve it.
func (l *latency) label(ctx context.Context, t *timing, all []finding.Finding, o *Options, pace *pacer) {
	if l == nil {
		return
	}
	l.failure = nil
	doubts, since := l.inDoubt(t, all)
	if len(doubts) == 0 {
		l.rest()
		return
	}
	l.hold(since, o)
	l.follow(ctx, t, o, pace)
	for _, d := range doubts {
		proven := 0
		for _, m := range d.mates.Sample {
			if l.seen.Quick(d.fingerprint, m.Target, m.LeftMillis, m.RightMillis) {
				proven++
			}
		}
		if d.mates.Fast(proven) {
			d.finding.Labels = finding.WithLabel(d.finding.Labels, finding.LabelFast)
		}
	}
}

// inDoubt lists the findings that would deserve the label if nothing slow was seen, and since when that
// would have to be known.
func (l *latency) inDoubt(t *timing, all []finding.Finding) (doubts []inDoubt, sinceMillis int64) {
	for i := range all {
		if all[i].Verdict != finding.Paired {
			continue
		}
		mates, ok := t.detector.Mates(all[i].Key)
		if !ok || !mates.Fast(len(mates.Sample)) {
			continue
		}
		for f, fp := range l.fingerprints {
			if fp.Name == all[i].Fingerprint {
				doubts = append(doubts, inDoubt{&all[i], f, mates})
			}
		}
		for _, m := range mates.Sample {
			if at := m.LeftMillis / hourMillis * hourMillis; sinceMillis == 0 || at < sinceMillis {
				sinceMillis = at
			}
		}
	}
	return doubts, sinceMillis
}

// rest forgets everything.
func (l *latency) rest() { l.seen, l.sinceMillis, l.watermarkMillis = nil, 0, 0 }

// hold sees to it that just what was since a time is held, as far as it was read.
func (l *latency) hold(sinceMillis int64, o *Options) {
	switch {
	case l.seen == nil || sinceMillis < l.sinceMillis:
		l.seen = coarse.NewLatency(l.fingerprints, sinceMillis)
		l.watermarkMillis = max(coarse.LatencyStart(sinceMillis), o.Origin.UnixMilli())
	default:
		l.seen.Forget(sinceMillis)
	}
	l.sinceMillis = sinceMillis
}

// follow reads up to the watermark of the source. A failure is told, and what is missing is read the next time.
func (l *latency) follow(ctx context.Context, t *timing, o *Options, pace *pacer) {
	step, piece := latencyStep.Milliseconds(), latencyPiece.Milliseconds()
	toMillis := t.watermarkMillis / step * step
	for attempts := 1; l.watermarkMillis < toMillis; attempts++ {
		l.failure = l.read(ctx, min(toMillis, (l.watermarkMillis/piece+1)*piece), o, pace)
		switch {
		case l.failure == nil:
			attempts = 0
			o.Journal.update(t, o.Logger)
		case !heals(l.failure) || attempts >= o.Persistence.Attempts || sleep(ctx, min(o.Persistence.Pause<<(attempts-1), maxPause)) != nil:
			if ctx.Err() == nil {
				o.Logger.Warn("Reading how long requests took", "source", t.Name, "from", stamp(l.watermarkMillis), "err", l.failure)
			}
			return
		}
	}
}

func (l *latency) read(ctx context.Context, endMillis int64, o *Options, pace *pacer) error {
	if err := pace.wait(ctx); err != nil {
		return err
	}
	length := endMillis - l.watermarkMillis
	begun := o.Now()
	l.seen.Begin(l.watermarkMillis, endMillis)
	stats, err := l.reader.Read(ctx, l.watermarkMillis, endMillis, length <= o.LiveWithin.Milliseconds(), l.seen)
	if err == nil {
		err = ctx.Err() // a reader may end early without an error when it is told to stop
	}
	if err != nil {
		l.seen.Abort()
		return err
	}
	l.seen.End()
	pace.read(stats.Samples, o.Now().Sub(begun), length)
	l.watermarkMillis = endMillis
	return nil
}

// warn adds what went wrong to the warnings of a source.
func (l *latency) warn(warnings []string) []string {
	if l == nil || l.failure == nil {
		return warnings
	}
	return append(warnings[:len(warnings):len(warnings)], "how long requests took could not be read: "+l.failure.Error())
}

// marshal appends the state.
func (l *latency) marshal(w *writer) error {
	if l == nil || l.seen == nil {
		w.number(0)
		return nil
	}
	state, err := l.seen.MarshalBinary()
	if err != nil {
		return err
	}
	w.number(l.sinceMillis)
	w.number(l.watermarkMillis)
	w.block(state)
	return nil
}

// unmarshal reads what marshal wrote.
func (l *latency) unmarshal(r *parser) error {
	since := r.number()
	if since == 0 || r.err != nil {
		return nil // the caller tells of an error
	}
	watermark, state := r.number(), r.block()
	if l == nil {
		return errors.New("how long requests took is read by one of the two only")
	}
	l.sinceMillis, l.watermarkMillis = since, watermark
	l.seen = coarse.NewLatency(l.fingerprints, since)
	if r.err != nil {
		return nil
	}
	return l.seen.UnmarshalBinary(state)
}
