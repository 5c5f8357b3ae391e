package promtest

import (
	"fmt"

	"github.com/ghostpair/ghostpair/simulate"
	"github.com/prometheus/prometheus/model/labels"
)

// FleetSeries are the series that Prometheus would hold of a simulated fleet: its counters, and
// `up` of its targets.
func FleetSeries(record *simulate.Record) []Series {
	fleet := record.Fleet()
	var all []Series
	for t := range fleet.Targets {
		up := record.Up(t)
		names := append([]simulate.Label{{Name: "__name__", Value: "up"}}, fleet.TargetLabels(t)...)
		all = append(all, Series{Labels: labelSet(names), Samples: simulate.Samples(up)})
		for _, s := range record.Series() {
			if s.Target == t {
				all = append(all, Series{Labels: labelSet(fleet.Labels(s)), Samples: simulate.Samples(record.Counter(s, up))})
			}
		}
	}
	return all
}

// WriteFleet writes what a fleet does in (from, to] as blocks of the storage in a directory, where no
// server may be running. The blocks end at whole multiples of their length.
func WriteFleet(dir string, fleet *simulate.Fleet, fromMillis, toMillis int64) (int, error) {
	total := 0
	for from := fromMillis; from < toMillis; {
		to := min(BlockEnd(from), toMillis)
		samples, err := WriteBlock(dir, from, to, FleetSeries(fleet.Record(from, to)))
		if err != nil {
			return total, fmt.Errorf("history: %w", err)
		}
		total += samples
		from = to
	}
	return total, nil
}

// BlockEnd is where a block (from, end] of history ends: one millisecond before the start of the next.
func BlockEnd(fromMillis int64) int64 {
	return ((fromMillis+1)/BlockMillis+1)*BlockMillis - 1
}

func labelSet(list []simulate.Label) labels.Labels {
	b := labels.NewScratchBuilder(len(list))
	for _, l := range list {
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	return b.Labels()
}
