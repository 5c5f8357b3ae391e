package engine

import (
	"context"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// gauges is a source that is shown and never tested. What it said last stays until it says
// something new: every sample carries its own time.
type gauges struct {
	Source
	samples     []finding.NLBSample
	stats       observe.ReadStats
	lastSuccess time.Time
	failure     error
}

// refresh reads the newest values. A failure is recorded and holds up nothing.
func (g *gauges) refresh(ctx context.Context, at time.Time, o *Options) {
	ctx, cancel := context.WithTimeout(ctx, o.GaugesTimeout)
	defer cancel()
	samples, stats, err := g.Gauges.ReadGauges(ctx, at.UnixMilli())
	if err != nil {
		o.Logger.Warn("Reading a source that is only shown", "source", g.Name, "reason", reasonOf(err), "err", err)
		g.failure = err
		return
	}
	g.samples, g.stats, g.failure, g.lastSuccess = samples, stats, nil, o.Now()
}
