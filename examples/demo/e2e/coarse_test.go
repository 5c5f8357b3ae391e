package e2e

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/prometheus/prometheus/model/labels"
)

// recorder turns what a world shows into series as Prometheus would hold them.
type recorder struct {
	from, to int64
	series   []promtest.Series
}

func (r *recorder) add(target string, more []string, runs []observe.Run) {
	set := labels.FromStrings(append([]string{"job", "envoy", "instance", target + ":19001", "namespace", "edge", "pod", target}, more...)...)
	runs = slices.Clone(runs)
	r.series = append(r.series, promtest.Series{Labels: set, Samples: r.samples(runs)})
}

func (r *recorder) samples(runs []observe.Run) iter.Seq2[int64, float64] {
	return func(yield func(int64, float64) bool) {
		for _, run := range runs {
			for i := range run.Count {
				if at := run.FirstMillis + i*run.StepMillis; at > r.from && at <= r.to && !yield(at, run.Value) {
					return
				}
			}
		}
	}
}

func (r *recorder) Scrapes(view observe.TargetView, runs []observe.Run) {
	r.add(view.Target, []string{"__name__", "up"}, runs)
}

func (r *recorder) Series(id *observe.SeriesID, runs []observe.Run) {
	parts := strings.Split(id.Route, " / ")
	set := []string{"__name__", parts[0]}
	switch parts[0] {
	case coarse.LatencyMetric:
		set = append(set, "envoy_http_conn_manager_prefix", parts[1], "le", parts[2])
	default:
		set = append(set, "envoy_cluster_name", parts[1])
	}
	r.add(id.Target, set, runs)
}

// errorRecorder records the counters of the errors. The scrapes are recorded already.
type errorRecorder struct{ *recorder }

func (r errorRecorder) Scrapes(observe.TargetView, []observe.Run) {}

func (r errorRecorder) Series(id *observe.SeriesID, runs []observe.Run) {
	r.add(id.Target, []string{"__name__", coarse.ErrorsMetric, "envoy_cluster_name", id.Route, "envoy_response_code_class", "5"}, runs)
}

// withCompanions adds the companions of the 5xx source, as the program does it.
func withCompanions(t *testing.T, server *promtest.Server, protocol string) func(*engine.Options) {
	t.Helper()
	prometheus, err := sources.NewServer(sources.ServerOptions{URL: server.URL(), Protocol: protocol})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *engine.Options) {
		o.Origin, o.FalseSuspicionsPerMonth = time.UnixMilli(coarsetest.Start), 1
		for i, s := range o.Sources {
			d := config.Default().Sources[i]
			if d.Name != s.Name || d.Kind != config.KindEnvoy {
				continue
			}
			companions, err := sources.NewCompanions(sources.Options{
				Name: s.Name, Server: prometheus, Selector: d.Selector,
				RouteLabels: d.RouteLabels, TargetLabels: d.TargetLabels, ViewLabels: d.ViewLabels, Exclude: d.Exclude,
			}, o.Fingerprints)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range companions.Readers {
				o.Sources[i].Companions = append(o.Sources[i].Companions, c)
			}
			o.Sources[i].ConnectTimeouts = companions.ConnectTimeouts
		}
	}
}

// scrapedCoarsely is a Prometheus that has scraped a world with companions every 15 s.
func scrapedCoarsely(t *testing.T, end time.Time) *promtest.Server {
	t.Helper()
	world, options := coarsetest.NewWorld(1, 1), promtest.Options{Dir: t.TempDir()}
	for from := coarsetest.Start; from < end.UnixMilli(); {
		r := recorder{from: from, to: min(promtest.BlockEnd(from), end.UnixMilli())}
		world.Feed(r.from, r.to, &r)
		world.FeedErrors(r.from, r.to, errorRecorder{&r})
		if _, err := promtest.WriteBlock(options.Dir, r.from, r.to, r.series); err != nil {
			t.Fatal(err)
		}
		from = r.to
	}
	return serve(t, options)
}

// A Prometheus that scrapes every 15 s cannot show pairs. What lasts as long as the timeout is suspected
// all the same, by every reader alike, and however time is cut.
func TestCoarseScrapes(t *testing.T) {
	t.Parallel()
	begin, end := coarsetest.Start, time.UnixMilli(coarsetest.Start).Add(16*time.Hour)
	server := scrapedCoarsely(t, end)
	once := newEngine(t, server, sources.ProtocolAuto, withCompanions(t, server, sources.ProtocolAuto))
	advance(t, once, end)
	got := verdicts(once)
	for name, want := range map[string]finding.Verdict{
		"5xx ghost": finding.Suspected, "5xx refused": finding.Undecided, "5xx fast": finding.Undecided, "5xx *": finding.Undecided,
		"connect_timeout ghost": finding.Suspected, "connect_timeout *": finding.Undecided,
	} {
		if verdict, ok := got[name]; !ok || verdict != want {
			t.Errorf("%s: %s (known %v), want %s", name, verdict, ok, want)
		}
	}
	for _, f := range once.Evaluation().Findings {
		if f.Route == "ghost" && f.Signal == config.Signal5xx && f.Verdict == finding.Suspected && (len(f.Causes) == 0 || f.Causes[0].Name != "hairpin-behind-nlb") {
			t.Errorf("causes of ghost = %+v, want the hairpin first", f.Causes)
		}
	}
	want := outcomeOf(t, once).shown()
	query := newEngine(t, server, sources.ProtocolQuery, withCompanions(t, server, sources.ProtocolQuery))
	advance(t, query, end)
	same(t, "query", outcomeOf(t, query).shown(), want)
	cut := newEngine(t, server, sources.ProtocolAuto, withCompanions(t, server, sources.ProtocolAuto))
	var cuts []time.Time
	for at := time.UnixMilli(begin); at.Before(end); at = at.Add(23*time.Minute + 7*time.Second) {
		cuts = append(cuts, at)
	}
	advance(t, cut, append(cuts, end)...)
	same(t, "cuts", outcomeOf(t, cut).shown(), want)
}
