package sources

import (
	"context"
	"errors"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// NLBReplicas read the same gauges from several servers: of a gauge that more than one has, the newest
// value counts.
type NLBReplicas struct{ members []*NLB }

// NewNLBReplicas makes one reader of gauges of those of several servers.
func NewNLBReplicas(members ...*NLB) *NLBReplicas { return &NLBReplicas{members} }

// ReadGauges is that of NLB. It fails when no server can be read.
func (r *NLBReplicas) ReadGauges(ctx context.Context, atMillis int64) ([]finding.NLBSample, observe.ReadStats, error) {
	samples := make([][]finding.NLBSample, len(r.members))
	stats := make([]observe.ReadStats, len(r.members))
	errs := readSeveral(ctx, len(r.members), patience, func(ctx context.Context, i int) (err error) {
		samples[i], stats[i], err = r.members[i].ReadGauges(ctx, atMillis)
		return err
	})
	all := &gauges{newest: make(map[gaugeKey]finding.NLBSample)}
	var total observe.ReadStats
	var failed []error
	for i, err := range errs {
		if err != nil {
			failed = append(failed, err)
			total.Warnings = append(total.Warnings, awayWarning(r.members[i].server, err))
			continue
		}
		for _, s := range samples[i] {
			key := gaugeKey{s.LoadBalancer, s.TargetGroup, s.AvailabilityZone, s.Metric}
			if known, ok := all.newest[key]; !ok || s.At.After(known.At) {
				all.newest[key] = s
			}
		}
		total.Protocol = stats[i].Protocol
		total.Samples += stats[i].Samples
		total.UnroutedSeries = max(total.UnroutedSeries, stats[i].UnroutedSeries)
		total.Warnings = append(total.Warnings, stats[i].Warnings...)
	}
	if len(failed) == len(errs) {
		return nil, observe.ReadStats{}, errors.Join(failed...)
	}
	total.Series = len(all.newest) + total.UnroutedSeries
	total.SiblingsPresent = total.Series > 0
	return all.samples(), total, nil
}

// GaugeReader reads gauges from one server, or from several.
type GaugeReader interface {
	ReadGauges(ctx context.Context, atMillis int64) ([]finding.NLBSample, observe.ReadStats, error)
}

// NewNLBOf reads the gauges of one or several servers; the Server of the options does not matter.
func NewNLBOf(servers []*Server, o Options) (GaugeReader, error) {
	members := make([]*NLB, len(servers))
	for i, server := range servers {
		o.Server = server
		var err error
		if members[i], err = NewNLB(o); err != nil {
			return nil, err
		}
	}
	if len(members) == 1 {
		return members[0], nil
	}
	return NewNLBReplicas(members...), nil
}
