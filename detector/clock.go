package detector

import (
	"fmt"
	"slices"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/score"
)

// clock is what the targets of one scrape interval have in common.
type clock struct {
	deltaMillis int64
	lanes       []lane // one per fingerprint
	closeMillis int64  // after a cell, when all its trials have closed
	keepMillis  int64  // how long a cell is needed
	pairLimit2  int64  // twice the first lag beyond the last bin
	bins        int    // of the histograms of routes; 0 when no fingerprint is resolvable
	entries     ring[entry]
}

// entry is a cell on its way into the histograms.
type entry struct {
	closeMillis int64
	unit        *unit
	position    uint64
}

// lane is one fingerprint at one scrape interval. All its trials are equally long, so they close in
// the order in which they opened.
type lane struct {
	table       *score.Table
	resolvable  bool
	accounts    int
	scores      []float64 // of a cell: [slot·8 + kernel·4 + rho]
	closeMillis int64
	left16      int64                     // 16 × left edge of the window, relative to the trigger
	last16      int64                     // 16 × left edge of its last slot
	classes     []uint8                   // what a histogram bin counts as
	pool        *tally                    // of the pooled stream
	bounders    [levels]*estimate.Bounder // by estimate.Level, nil until asked for
	trials      ring[trial]
}

// Classes of histogram bins. HotSame and its like are also the order of tally counts.
const (
	hotSame = iota
	rightSame
	hotAny
	rightAny
	classCount
)

// interarrivalMillis is the longest lag of finding.LagCounts.
const interarrivalMillis = 17_000

// clockOf returns the clock of a scrape interval, and makes it when it is new.
func (d *Detector) clockOf(deltaMillis int64) (*clock, error) {
	at, found := slices.BinarySearchFunc(d.clocks, deltaMillis, func(c *clock, delta int64) int {
		return int(c.deltaMillis - delta)
	})
	if found {
		return d.clocks[at], nil
	}
	c := &clock{deltaMillis: deltaMillis, lanes: make([]lane, len(d.options.Fingerprints))}
	for f, fp := range d.options.Fingerprints {
		table, err := d.options.Tables.Table(deltaMillis, fp)
		if err != nil {
			return nil, fmt.Errorf("table of %s at a scrape interval of %d ms: %w", fp.Name, deltaMillis, err)
		}
		c.lanes[f] = newLane(table, fp)
		c.lanes[f].pool = newTally(c, f, 1)
		c.closeMillis = max(c.closeMillis, c.lanes[f].closeMillis)
		if c.lanes[f].resolvable {
			c.bins = max(c.bins, estimate.LongBins(deltaMillis, fp))
		}
	}
	c.pairLimit2 = (2*int64(c.bins) - 1) * deltaMillis
	c.keepMillis = c.closeMillis + max(interarrivalMillis, int64(c.bins)*deltaMillis)
	d.clocks = slices.Insert(d.clocks, at, c)
	return c, nil
}

func newLane(table *score.Table, fp score.Fingerprint) lane {
	delta := table.DeltaMillis
	l := lane{
		table: table, resolvable: table.Resolvable(), accounts: len(table.Kernels) * levels * strategies,
		closeMillis: table.CloseMillis(),
		left16:      16*int64(table.FirstSlot)*delta - delta,
		last16:      16*int64(table.LastSlot)*delta - delta,
	}
	if !l.resolvable {
		return l
	}
	l.scores = make([]float64, table.Slots()*score.Phases*maxKernels*rhos)
	for k, byRho := range table.Scores {
		for r, row := range byRho {
			for slot, s := range row {
				l.scores[(slot*maxKernels+k)*rhos+r] = s
			}
		}
	}
	l.classify(estimate.Shape{Level: estimate.Same, DeltaMillis: delta, Fingerprint: fp}, hotSame, rightSame)
	l.classify(estimate.Shape{Level: estimate.Any, DeltaMillis: delta, Fingerprint: fp}, hotAny, rightAny)
	return l
}

// classify notes which bins are hot at a level, and which ones are right of the hot ones.
func (l *lane) classify(shape estimate.Shape, hot, right int) {
	_, last := shape.Window()
	if l.classes == nil {
		l.classes = make([]uint8, last+1)
	}
	bins := shape.HotBins()
	if len(bins) == 0 {
		return
	}
	for k := bins[0]; k <= last; k++ {
		if k <= bins[len(bins)-1] {
			l.classes[k] |= 1 << hot
		} else {
			l.classes[k] |= 1 << right
		}
	}
}

// bin is the histogram bin of a lag.
func (c *clock) bin(lagMillis int64) int {
	return int(uint32(2*lagMillis+c.deltaMillis) / uint32(2*c.deltaMillis))
}
