package engine

import (
	"context"
	"errors"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/finding"
)

// coarseMillis is the scrape interval from which on companions are read in any case: nothing else
// can tell anything there. companionPiece is how much of them is read at once.
const (
	coarseMillis    = 5000
	companionPiece  = 6 * time.Hour
	hourMillis      = int64(time.Hour / time.Millisecond)
	dayMillis       = 24 * hourMillis
	beforeDayMillis = hourMillis // more than two scrapes, so that counting has a start
)

// companions are what a source's targets count beside its errors. They have a watermark of their
// own: one that cannot be read is read from there the next time, and the source itself goes on.
type companions struct {
	readers      []Reader
	errors       Reader // of the source
	fingerprints []score.Fingerprint
	collector    *coarse.Collector
	stepMillis   int64 // they are read up to multiples of it

	begun           bool  // whether they were needed yet
	watermarkMillis int64 // read from here on
	failure         error // of the last read
}

// step is up to when companions are read at a time.
func (c *companions) step(millis int64) int64 { return millis / c.stepMillis * c.stepMillis }

func newCompanions(s Source, o Options) *companions {
	if len(s.Companions) == 0 {
		return nil
	}
	return &companions{
		readers: s.Companions, errors: s.Reader, fingerprints: o.Fingerprints,
		stepMillis: o.CompanionStep.Milliseconds(),
		collector: coarse.New(coarse.Options{
			Fingerprints:            o.Fingerprints,
			RouteLimit:              s.RouteLimit,
			ConnectTimeouts:         s.ConnectTimeouts,
			FalseSuspicionsPerMonth: o.FalseSuspicionsPerMonth / float64(diagnosedSources(o.Sources)),
		}),
	}
}

// begin reads from a time on, if it was not begun yet.
func (c *companions) begin(atMillis int64, o *Options) {
	if !c.begun {
		c.begun, c.watermarkMillis = true, max(atMillis/hourMillis*hourMillis, o.Origin.UnixMilli())
	}
}

// follow reads up to a time what is needed, beginning where the first target that is scraped too
// coarsely was seen: that does not depend on how time is cut.
func (c *companions) follow(ctx context.Context, t *timing, toMillis int64, o *Options, pace *pacer) {
	if c == nil {
		return
	}
	if !c.begun {
		first := int64(0)
		for _, u := range t.observer.Units() {
			if u.DeltaMillis >= coarseMillis && (first == 0 || u.SinceMillis < first) {
				first = u.SinceMillis
			}
		}
		if first == 0 {
			return
		}
		c.begin(first, o)
	}
	c.failure = nil
	toMillis = c.step(toMillis)
	for attempts := 0; c.watermarkMillis < toMillis; {
		c.failure = c.read(ctx, min(toMillis, c.watermarkMillis+companionPiece.Milliseconds()), o, pace)
		switch attempts++; {
		case c.failure == nil:
			attempts = 0
			if t.pending == nil {
				o.Journal.update(t, o.Logger)
			}
			continue
		case heals(c.failure) && attempts < o.Persistence.Attempts && sleep(ctx, min(o.Persistence.Pause<<(attempts-1), maxPause)) == nil:
			continue
		}
		break
	}
	if c.failure != nil && ctx.Err() == nil {
		o.Logger.Warn("Reading what else the targets count", "source", t.Name, "from", stamp(c.watermarkMillis), "err", c.failure)
	}
}

// followPaired reads what is needed to tell why findings are paired: the UTC day before and the
// present one.
func (c *companions) followPaired(ctx context.Context, t *timing, all []finding.Finding, o *Options, pace *pacer) {
	if c == nil {
		return
	}
	for i := range all {
		if !c.begun && all[i].Verdict == finding.Paired {
			c.begin(((t.watermarkMillis-1)/dayMillis-1)*dayMillis-beforeDayMillis, o)
		}
	}
	if c.begun && c.watermarkMillis < c.step(t.watermarkMillis) {
		c.follow(ctx, t, t.watermarkMillis, o, pace)
	}
}

func (c *companions) read(ctx context.Context, endMillis int64, o *Options, pace *pacer) error {
	if err := pace.wait(ctx); err != nil {
		return err
	}
	length := endMillis - c.watermarkMillis
	begun := o.Now()
	c.collector.Begin(c.watermarkMillis, endMillis)
	samples, err := c.readAll(ctx, endMillis)
	if err == nil {
		err = ctx.Err() // a reader may end early without an error when it is told to stop
	}
	if err != nil {
		c.collector.Abort()
		return err
	}
	pace.read(samples, o.Now().Sub(begun), length)
	c.watermarkMillis = endMillis
	return c.collector.End()
}

// readAll reads the companions, and where there are any the errors along with them. No read is a live one, which
// would be a hurry that nobody needs, and ask for another minute that nobody looks at.
func (c *companions) readAll(ctx context.Context, endMillis int64) (samples int64, err error) {
	const live = false
	found := false
	for _, reader := range c.readers {
		stats, err := reader.Read(ctx, c.watermarkMillis, endMillis, live, c.collector)
		if err != nil {
			return samples, err
		}
		samples += stats.Samples
		found = found || stats.Series > 0
	}
	if !found {
		return samples, nil
	}
	stats, err := c.errors.Read(ctx, c.watermarkMillis, endMillis, live, c.collector.Errors())
	return samples + stats.Samples, err
}

// warn adds what went wrong to the warnings of a source.
func (c *companions) warn(warnings []string) []string {
	if c == nil || c.failure == nil {
		return warnings
	}
	return append(warnings[:len(warnings):len(warnings)], "what else its targets count could not be read: "+c.failure.Error())
}

// How a snapshot says whether there are companions.
const (
	companionsNone = iota
	companionsIdle
	companionsBegun
)

// marshal appends the state.
func (c *companions) marshal(w *writer) error {
	if c == nil {
		w.number(companionsNone)
		return nil
	}
	state, err := c.collector.MarshalBinary()
	if err != nil {
		return err
	}
	how := int64(companionsIdle)
	if c.begun {
		how = companionsBegun
	}
	w.number(how)
	w.number(c.watermarkMillis)
	w.block(state)
	return nil
}

// unmarshal reads what marshal wrote.
func (c *companions) unmarshal(r *parser) error {
	state := r.number()
	if r.err == nil && (state != companionsNone) != (c != nil) {
		return errors.New("what else its targets count is read by one of the two only")
	}
	if c == nil {
		return nil
	}
	c.begun, c.watermarkMillis = state == companionsBegun, r.number()
	collected := r.block()
	if r.err != nil {
		return nil // told by the caller
	}
	return c.collector.UnmarshalBinary(collected)
}
