package engine

import (
	"context"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// gaugesEvery is how often gauges are read at most: they are minutes late, and their selector looks
// through all metric names of a server.
const gaugesEvery = time.Minute

// gauges is a source that is shown and never tested. What it said last stays until it says
// something new: every sample carries its own time.
type gauges struct {
	Source
	askedFor    time.Time // the instant of the latest read
	samples     []finding.NLBSample
	stats       observe.ReadStats
	lastSuccess time.Time
	failure     error
}

// refresh reads the newest values, unless they were read just now. A failure is recorded and holds up
// nothing.
func (g *gauges) refresh(ctx context.Context, at time.Time, o *Options) {
	if age := at.Sub(g.askedFor); age >= 0 && age < gaugesEvery {
		return
	}
	g.askedFor = at
	ctx, cancel := context.WithTimeout(ctx, o.GaugesTimeout)
	defer cancel()
	samples, stats, err := g.Gauges.ReadGauges(ctx, at.UnixMilli())
	if err != nil {
		o.Logger.Warn("Reading a source that is only shown", "source_name", g.Name, "reason", reasonOf(err), "err", err)
		g.failure = err
		return
	}
	g.samples, g.stats, g.failure, g.lastSuccess = samples, stats, nil, o.Now()
}
