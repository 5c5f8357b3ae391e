package survey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// DoctorOptions say what the doctor looks at.
type DoctorOptions struct {
	Server       Server
	Sources      []Source // timing sources; the first one says what the proxies are
	LoadBalancer string   // selector of the gauges of load balancers; empty: not asked for
	Fingerprints []score.Fingerprint
	Tables       *score.Cache // nil: one of its own
	At           time.Time    // newest sample to look at
	Window       time.Duration
	History      time.Duration // how far back a first start would read
	Outlook      Outlook
}

// ServerFacts is what was found of the server.
type ServerFacts struct {
	Version             string            `json:"version"` // empty when the server does not say
	ConfigurationShown  bool              `json:"configuration_shown"`
	ExternalLabels      map[string]string `json:"external_labels"`
	HistoryReachesStart *bool             `json:"history_reaches_start"` // whether there are samples as old as a first start reads
	HistorySeconds      float64           `json:"history_seconds"`
	Mixed               []string          `json:"mixed_addresses,omitempty"` // where several Prometheis answer in turn
}

// Examination is all that the doctor found, and what follows from it.
type Examination struct {
	At           time.Time     `json:"at"`
	Server       ServerFacts   `json:"server"`
	Proxies      Shape         `json:"proxies"`
	Sources      []SourceFacts `json:"sources"`
	SignalsKnown bool          `json:"signals_known"` // false when the server did not say which metrics it has
	Signals      []Signal      `json:"signals"`
	Checks       []Check       `json:"checks"`
	Ends         []Ends        `json:"ends"`           // where both ends of routes run; empty without stats per endpoint and pods
	Balancers    *Balancing    `json:"load_balancers"` // nil when no exporter tells
	PairShare    float64       `json:"assumed_pair_share"`
	Horizon      float64       `json:"outlook_horizon_seconds"`
	Outlook      []Prospect    `json:"outlook"`
	Findings     []Finding     `json:"findings"`
	Remedies     []Remedy      `json:"remedies"`
	Failures     []string      `json:"failures"` // questions that the server did not answer
	Warnings     []string      `json:"warnings"` // of the server

	fingerprints []score.Fingerprint
}

// Doctor takes one look at a Prometheus. It fails when the server answers no query at all; what else
// it refuses is among the findings.
func Doctor(ctx context.Context, o DoctorOptions) (*Examination, error) {
	if o.Tables == nil {
		o.Tables = score.NewCache()
	}
	if _, _, err := o.Server.Query(ctx, "vector(1)", o.At.UnixMilli()); err != nil {
		return nil, err
	}
	a := &asker{querier: o.Server, atMillis: o.At.UnixMilli()}
	e := &Examination{
		At: o.At.UTC(), PairShare: o.Outlook.PairShare, Horizon: o.Outlook.Horizon.Seconds(), fingerprints: o.Fingerprints,
		Checks: []Check{}, Outlook: []Prospect{}, Ends: []Ends{},
	}
	if err := e.examine(ctx, a, o); err != nil {
		return nil, err
	}
	e.Failures, e.Warnings = slices.Concat([]string{}, a.failures), slices.Concat([]string{}, a.warnings)
	e.judge()
	e.prescribe()
	return e, nil
}

func (e *Examination) examine(ctx context.Context, a *asker, o DoctorOptions) (err error) {
	if e.Server, err = examineServer(ctx, a, o); err != nil {
		return err
	}
	judge := &resolver{o.Fingerprints, o.Tables}
	for i := range o.Sources {
		facts, err := o.Sources[i].examine(ctx, a, o.Window, judge)
		if err != nil {
			return err
		}
		e.Sources = append(e.Sources, facts)
		prospects, err := o.Outlook.foresee(ctx, facts, judge)
		if err != nil {
			return err
		}
		e.Outlook = append(e.Outlook, prospects...)
	}
	if len(o.Sources) > 0 {
		if e.Proxies, err = examineShape(ctx, a, &o.Sources[0]); err != nil {
			return err
		}
	}
	signals, err := examineSignals(ctx, a, o.LoadBalancer)
	if err != nil {
		return err
	}
	e.SignalsKnown, e.Signals = signals != nil, sorted(signals)
	if e.SignalsKnown {
		e.Checks = possible(signals)
	}
	return e.examineSurroundings(ctx, a, o)
}

// examineSurroundings looks at what is around the proxies: nodes and load balancers.
func (e *Examination) examineSurroundings(ctx context.Context, a *asker, o DoctorOptions) error {
	if len(o.Sources) > 0 && e.signal(endpointFail) != nil && e.signal(podInfo) != nil {
		cluster, problems, err := readCluster(ctx, a)
		if err != nil {
			return err
		}
		a.failures = append(a.failures, problems...)
		if e.Ends, err = readEnds(ctx, a, &o.Sources[0], o.Window, cluster.Pods); err != nil {
			return err
		}
	}
	if e.signal(loadBalancerAny) == nil {
		return nil
	}
	var err error
	e.Balancers, err = readBalancing(ctx, a, o.Window)
	return err
}

func examineServer(ctx context.Context, a *asker, o DoctorOptions) (ServerFacts, error) {
	facts := ServerFacts{HistorySeconds: o.History.Seconds()}
	version, err := o.Server.Version(ctx)
	if err != nil {
		a.failures = append(a.failures, fmt.Sprintf("version: %v", err))
	}
	facts.Version = version
	facts.ExternalLabels, facts.ConfigurationShown, err = o.Server.ExternalLabels(ctx)
	if err != nil {
		a.failures = append(a.failures, fmt.Sprintf("external labels: %v", err))
	}
	if facts.Mixed, err = o.Server.Mixed(ctx, o.At.UnixMilli()); err != nil {
		a.failures = append(a.failures, fmt.Sprintf("scrape times: %v", err))
	}
	past := &asker{querier: o.Server, atMillis: o.At.Add(-o.History).UnixMilli()}
	samples, ok, err := past.vector(ctx, "samples of long ago", "count(up)")
	a.failures = append(a.failures, past.failures...)
	if ok {
		reaches := len(samples) > 0
		facts.HistoryReachesStart = &reaches
	}
	return facts, err
}

// signal returns a signal by its metric, nil when nobody has it.
func (e *Examination) signal(metric string) *Signal {
	for i := range e.Signals {
		if e.Signals[i].Metric == metric {
			return &e.Signals[i]
		}
	}
	return nil
}
