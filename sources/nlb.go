package sources

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// gaugeLookBackMillis is how far back the newest sample of a gauge may lie. CloudWatch is late by up
// to ten minutes and more, and its periods are one to five minutes long.
const gaugeLookBackMillis = 30 * 60_000

// NLB reads what a CloudWatch exporter says about network load balancers: gauges, one value for a
// CloudWatch period, late by minutes. They can confirm or exclude causes; they never feed timing.
// The label sets of prometheus/cloudwatch_exporter and of YACE (plain and snake case) are understood.
type NLB struct {
	name     string
	server   *Server
	selector []*labels.Matcher
	mapping  *mapping
	onQuery  func(Query)

	mu      sync.Mutex
	buffers buffers
	span    int64
}

// NewNLB checks the options, of which those about routes, targets and views do not matter here.
func NewNLB(o Options) (*NLB, error) {
	if o.Server == nil {
		return nil, fmt.Errorf("source %q: no server", o.Name)
	}
	selector, err := ParseSelector(o.Selector)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", o.Name, err)
	}
	m, err := newMapping(&o)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", o.Name, err)
	}
	return &NLB{
		name: o.Name, server: o.Server, selector: selector, mapping: m, onQuery: o.OnQuery,
		span: firstQuerySpan.Milliseconds(),
	}, nil
}

// ReadGauges returns the newest value at or before atMillis of every series of a load balancer or
// target group, sorted by load balancer, target group, zone and metric. Series without a value in the
// half hour before are left out.
func (n *NLB) ReadGauges(ctx context.Context, atMillis int64) ([]finding.NLBSample, observe.ReadStats, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	external, err := n.server.loadExternal(ctx, n.name, n.onQuery)
	if err != nil {
		return nil, observe.ReadStats{}, err
	}
	g := &gauges{mapping: n.mapping, external: external, newest: make(map[gaugeKey]finding.NLBSample)}
	f := &fetch{
		server: n.server, source: n.name, onQuery: n.onQuery, queries: []query{{0, n.selector}},
		lo: atMillis - gaugeLookBackMillis, hi: atMillis, live: true,
		out: g, handed: func() int { return 0 }, buffers: &n.buffers, span: &n.span,
	}
	err = f.run(ctx)
	g.stats.Protocol = f.used
	if err != nil {
		return nil, g.stats, err
	}
	n.buffers.trim()
	g.stats.SiblingsPresent = g.stats.Series > 0
	return g.samples(), g.stats, nil
}

type gaugeKey struct{ loadBalancer, targetGroup, zone, metric string }

// gauges collects the newest sample of every gauge. A request that is repeated does no harm: the same
// sample is the newest again.
type gauges struct {
	mapping  *mapping
	external *externalLabels
	stats    observe.ReadStats
	newest   map[gaugeKey]finding.NLBSample
	unknown  map[string]bool // label sets that name no load balancer
	labels   labelReader
}

func (g *gauges) warn(text string) {
	if text != "" && len(g.stats.Warnings) < maxWarnings && !slices.Contains(g.stats.Warnings, text) {
		g.stats.Warnings = append(g.stats.Warnings, text)
	}
}

func (g *gauges) natives(int, labelSet, []native) error { return nil }
func (g *gauges) wantsNatives() bool                    { return false }

func (g *gauges) series(_ int, set labelSet, runs []observe.Run, samples int64) error {
	stored, err := g.labels.labels(set)
	if err != nil {
		return err
	}
	g.stats.Samples += samples
	shown, keep := rewrite(g.external.strip(stored), g.mapping.relabel)
	if !keep || g.mapping.excluded(shown) {
		return nil
	}
	key := gaugeKeyOf(shown)
	if key.loadBalancer == "" && key.targetGroup == "" || strings.HasSuffix(key.metric, "_info") {
		if g.unknown == nil {
			g.unknown = make(map[string]bool)
		}
		g.unknown[stored.String()] = true
		return nil
	}
	at, value, ok := newestValue(runs)
	if ok && at > g.newest[key].At.UnixMilli() {
		g.newest[key] = finding.NLBSample{
			LoadBalancer: key.loadBalancer, TargetGroup: key.targetGroup, AvailabilityZone: key.zone,
			Metric: key.metric, Value: value, At: time.UnixMilli(at).UTC(), PeriodSeconds: period(runs),
		}
	}
	return nil
}

// gaugeKeyOf reads the dimensions under the names that the exporters give them.
func gaugeKeyOf(set labels.Labels) gaugeKey {
	first := func(names ...string) string {
		for _, name := range names {
			if value := set.Get(name); value != "" {
				return strings.ToValidUTF8(value, "?")
			}
		}
		return ""
	}
	return gaugeKey{
		loadBalancer: first("load_balancer", "dimension_LoadBalancer", "dimension_load_balancer"),
		targetGroup:  first("target_group", "dimension_TargetGroup", "dimension_target_group"),
		zone:         first("availability_zone", "dimension_AvailabilityZone", "dimension_availability_zone"),
		metric:       first(model.MetricNameLabel),
	}
}

// newestValue finds the newest sample that is a number: YACE says NaN where CloudWatch has nothing.
func newestValue(runs []observe.Run) (at int64, value float64, ok bool) {
	for _, run := range slices.Backward(runs) {
		if !math.IsNaN(run.Value) && !math.IsInf(run.Value, 0) {
			return run.LastMillis(), run.Value, true
		}
	}
	return 0, 0, false
}

// period is the median spacing of the samples in seconds, 0 when there are fewer than two.
func period(runs []observe.Run) float64 {
	var steps []int64
	last := int64(-1)
	for _, run := range runs {
		if last >= 0 {
			steps = append(steps, run.FirstMillis-last)
		}
		for range run.Count - 1 {
			steps = append(steps, run.StepMillis)
		}
		last = run.LastMillis()
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return float64(steps[len(steps)/2]) / 1000
}

// samples returns what was collected, sorted.
func (g *gauges) samples() []finding.NLBSample {
	g.stats.Series = len(g.newest) + len(g.unknown)
	g.stats.UnroutedSeries = len(g.unknown)
	out := make([]finding.NLBSample, 0, len(g.newest))
	for _, sample := range g.newest {
		out = append(out, sample)
	}
	slices.SortFunc(out, func(a, b finding.NLBSample) int {
		return cmp.Or(
			strings.Compare(a.LoadBalancer, b.LoadBalancer), strings.Compare(a.TargetGroup, b.TargetGroup),
			strings.Compare(a.AvailabilityZone, b.AvailabilityZone), strings.Compare(a.Metric, b.Metric),
		)
	})
	return out
}
