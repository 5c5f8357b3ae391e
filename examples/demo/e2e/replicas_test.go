package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/sources"
)

// pair is two Prometheis that scrape the same fleet, each at times of its own.
func pair(t *testing.T, end time.Time) (a, b *promtest.Server) {
	t.Helper()
	f := fleet()
	f.Targets[1].Grid.Missed = 0 // so that both see every error
	a = served(t, f, end, promtest.Options{Config: "global: {external_labels: {prometheus_replica: a}}\n"})
	for i := range f.Targets {
		f.Targets[i].Grid.Phase = (f.Targets[i].Grid.Phase + 430*time.Millisecond) % f.Targets[i].Grid.Interval
	}
	b = served(t, f, end, promtest.Options{Config: "global: {external_labels: {prometheus_replica: b}}\n"})
	return a, b
}

// reading makes an engine read the servers at the addresses.
func reading(t *testing.T, urls ...string) (adjust func(*engine.Options), servers []*sources.Server) {
	t.Helper()
	for _, address := range urls {
		server, err := sources.NewServer(sources.ServerOptions{URL: address, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		servers = append(servers, server)
	}
	return func(o *engine.Options) {
		for i, s := range config.Default().Sources {
			if !s.Timing() {
				continue
			}
			reader, err := sources.NewOf(servers, sources.Options{
				Name: s.Name, Selector: s.Selector,
				RouteLabels: s.RouteLabels, TargetLabels: s.TargetLabels, ViewLabels: s.ViewLabels, Exclude: s.Exclude,
			})
			if err != nil {
				t.Fatal(err)
			}
			o.Sources[i].Reader = reader
		}
	}, servers
}

// compareErrors fails where an engine counts other errors than one that reads a single server, or
// misses the pairs that it finds.
func compareErrors(t *testing.T, what string, got, want *engine.Engine) {
	t.Helper()
	for i, f := range want.Evaluation().Findings {
		g := got.Evaluation().Findings[i]
		if g.Route != f.Route || g.Errors != f.Errors || g.Verdict != f.Verdict && f.Verdict == finding.Paired {
			t.Errorf("%s: %s %s: %d errors, %s; with one server %d, %s", what, g.Signal, g.Route, g.Errors, g.Verdict, f.Errors, f.Verdict)
		}
	}
}

// An HA pair is read as two views: no error is lost or counted twice, also when one of the two is away
// for some hours, and then the other.
func TestHAPairIsReadAsViews(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	a, b := pair(t, end)
	alone := newEngine(t, a, sources.ProtocolAuto, nil)
	advance(t, alone, end)

	adjust, _ := reading(t, a.URL(), b.URL())
	both := newEngine(t, a, sources.ProtocolAuto, adjust)
	advance(t, both, end)
	compareErrors(t, "both", both, alone)

	var awayA, awayB atomic.Bool
	adjust, servers := reading(t, sometimes(t, a, &awayA), sometimes(t, b, &awayB))
	changing := newEngine(t, a, sources.ProtocolAuto, adjust)
	for now := start; now.Before(end); {
		now = now.Add(10 * time.Minute)
		hours := now.Sub(start).Hours()
		awayA.Store(hours > 2 && hours < 5)
		awayB.Store(hours > 6 && hours < 9)
		advance(t, changing, now)
		if servers[0].Status().Answers == awayA.Load() || servers[1].Status().Answers == awayB.Load() {
			t.Fatalf("after %.1f h: %+v %+v", hours, servers[0].Status(), servers[1].Status())
		}
		if said := strings.Contains(strings.Join(changing.Evaluation().Warnings, "\n"), "could not be read"); said != (awayA.Load() || awayB.Load()) {
			t.Fatalf("after %.1f h: warnings %q", hours, changing.Evaluation().Warnings)
		}
	}
	compareErrors(t, "one away at a time", changing, alone)
}

// sometimes is the address of a server that is away at times.
func sometimes(t *testing.T, of *promtest.Server, away *atomic.Bool) string {
	t.Helper()
	to, err := url.Parse(of.URL())
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(to)
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			reset(w)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p.URL
}

// One address at which the two of an HA pair answer in turn is told.
func TestRoundRobinIsTold(t *testing.T) {
	t.Parallel()
	end := start.Add(2 * time.Hour)
	a, b := pair(t, end)
	var forwards []*httputil.ReverseProxy
	for _, s := range []*promtest.Server{a, b} {
		to, err := url.Parse(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		forwards = append(forwards, httputil.NewSingleHostReverseProxy(to))
	}
	var n atomic.Int64
	balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		forwards[n.Add(1)%2].ServeHTTP(w, r)
	}))
	t.Cleanup(balancer.Close)
	for _, c := range []struct {
		address string
		mixed   bool
	}{{a.URL(), false}, {b.URL(), false}, {balancer.URL, true}} {
		adjust, servers := reading(t, c.address)
		e := newEngine(t, a, sources.ProtocolAuto, adjust)
		advance(t, e, end)
		said := strings.Contains(strings.Join(e.Evaluation().Warnings, "\n"), "several Prometheis answer at "+c.address)
		if said != c.mixed || servers[0].Status().Mixed != c.mixed {
			t.Errorf("%s: status %+v, warnings %q, want mixed %v", c.address, servers[0].Status(), e.Evaluation().Warnings, c.mixed)
		}
	}
}
