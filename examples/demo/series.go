package main

import (
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/prometheus/prometheus/model/labels"
)

// series are what Prometheus holds of the fleet: the counters of errors, `up`, and the requests that
// were answered well.
func series(record *simulate.Record) []promtest.Series {
	all := promtest.FleetSeries(record)
	fleet := record.Fleet()
	for target := range fleet.Targets {
		up := record.Up(target)
		for route := range fleet.Routes {
			s := simulate.Series{Route: route, Target: target, Signal: simulate.Signal5xx}
			b := labels.NewScratchBuilder(8)
			for _, label := range fleet.Labels(s) {
				if label.Name == classLabel {
					label.Value = "2"
				}
				b.Add(label.Name, label.Value)
			}
			b.Sort()
			all = append(all, promtest.Series{Labels: b.Labels(), Samples: func(yield func(int64, float64) bool) {
				for at, ok := range simulate.Samples(up) {
					if ok == 1 && !yield(at, succeeded(&fleet, route, target, at)) {
						return
					}
				}
			}})
		}
	}
	return all
}

const classLabel = "envoy_response_code_class"
