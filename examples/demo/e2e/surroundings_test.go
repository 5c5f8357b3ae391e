package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/survey"
)

const (
	balancerHost = "shop-0123456789abcdef.elb.eu-west-1.amazonaws.com"
	balancerName = "net/shop/0123456789abcdef"
)

// ranger asks a server as the program does it.
type ranger struct{ *sources.Server }

func (r ranger) Query(ctx context.Context, expr string, atMillis int64) ([]survey.Sample, []string, error) {
	samples, warnings, err := r.Instant(ctx, expr, atMillis)
	out := make([]survey.Sample, len(samples))
	for i, s := range samples {
		out[i] = survey.Sample(s)
	}
	return out, warnings, err
}

func (r ranger) Range(ctx context.Context, expr string, atMillis int64) ([]survey.Series, []string, error) {
	series, warnings, err := r.Matrix(ctx, expr, atMillis)
	out := make([]survey.Series, len(series))
	for i, one := range series {
		out[i].Labels = one.Labels
		for _, p := range one.Points {
			out[i].Points = append(out[i].Points, survey.Point(p))
		}
	}
	return out, warnings, err
}

// withSurroundings adds the companions and the surroundings of the 5xx source.
func withSurroundings(t *testing.T, server *promtest.Server) func(*engine.Options) {
	t.Helper()
	prometheus, err := sources.NewServer(sources.ServerOptions{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	companions := withCompanions(t, server, sources.ProtocolAuto)
	return func(o *engine.Options) {
		companions(o)
		o.SurroundingsTimeout = time.Minute
		for i, s := range o.Sources {
			if d := config.Default().Sources[i]; s.Signal == config.Signal5xx {
				o.Sources[i].Surroundings = survey.NewSurroundings(ranger{prometheus}, survey.Source{
					Name: s.Name, Selector: d.Selector, RouteLabels: d.RouteLabels, Exclude: d.Exclude,
				}, true)
			}
		}
	}
}

// around starts a Prometheus on a cluster.
func around(t *testing.T, c *cluster, end time.Time) *promtest.Server {
	t.Helper()
	options := promtest.Options{Dir: t.TempDir()}
	if err := c.write(options.Dir, end.UnixMilli()); err != nil {
		t.Fatal(err)
	}
	return serve(t, options)
}

// hairpins is a cluster in which connects of the first proxy come back to its own node through a load balancer
// behind it: the second target is on a node without a proxy. Another route reaches its pods directly.
func hairpins(yace bool) *cluster {
	w := coarsetest.NewWorld(1, 1)
	for i := range w.Failures["ghost"] {
		w.Failures["ghost"][i].Pod = 0
	}
	c := newCluster(w)
	c.service("shop", balancerHost, 0, 4)
	c.connects("ghost")
	for i := range w.Pods {
		for zone := range 2 { // the load balancer has an address in each zone
			share := func(n func(int64) float64) func(int64) float64 {
				return func(at int64) float64 { return float64((int64(n(at)) + int64(zone)) / 2) }
			}
			c.endpoint("ghost", i, fmt.Sprintf("10.7.%d.9:443", zone), balancerHost,
				share(func(at int64) float64 { return float64((at-coarsetest.Start)/60_000) + c.failures("ghost", i, at) }),
				share(func(at int64) float64 { return c.failures("ghost", i, at) }))
		}
		// One refused connect in eight goes to either pod.
		for k, on := range []int{1, 2} {
			ip := fmt.Sprintf("10.2.%d.1", on)
			if i == 0 {
				c.pod("shop", fmt.Sprintf("refused-%d", k), on, ip)
			}
			c.endpoint("refused", i, ip+":8080", "", func(at int64) float64 { return float64((at - coarsetest.Start) / 30_000) },
				func(at int64) float64 { return float64(int64(c.failures("refused", i, at)) / 2) })
		}
	}
	c.balancer("aws_networkelb_tcp_elb_reset_count_sum", balancerName, yace, func(int64) float64 { return 2 })
	c.balancer("aws_networkelb_port_allocation_error_count_sum", balancerName, yace, func(int64) float64 { return 0 })
	c.balancer("aws_networkelb_un_healthy_host_count_maximum", balancerName, yace, func(int64) float64 { return 0 })
	c.balancer("aws_networkelb_port_allocation_error_count_sum", "net/other/00000000000000aa", yace, func(int64) float64 { return 7 })
	return c
}

// checksOf returns the checks of the finding about a route at 5 s.
func checksOf(t *testing.T, findings []finding.Finding, route string) (f finding.Finding, checks map[string]finding.Check) {
	t.Helper()
	checks = make(map[string]finding.Check)
	for _, f = range findings {
		if f.Route == route && f.Signal == config.Signal5xx && f.Fingerprint == "syn-timeout-5s" {
			for _, c := range f.Checks {
				checks[c.Name] = c
			}
			return f, checks
		}
	}
	t.Fatalf("no finding about %s", route)
	return f, checks
}

// outcomes fails the test for every check with another outcome.
func outcomes(t *testing.T, checks map[string]finding.Check, want map[string]string) {
	t.Helper()
	for name, outcome := range want {
		if c := checks[name]; c.Outcome != outcome {
			t.Errorf("%s: %q (%s), want %q", name, c.Outcome, c.Text, outcome)
		}
	}
}

// Connects that come back through the load balancer fail at the proxy that shares a node with a target, and nowhere
// else. That, and what the load balancer does not complain of, names the hairpin, with either exporter.
func TestHairpinBehindBalancer(t *testing.T) {
	t.Parallel()
	for name, yace := range map[string]bool{"cloudwatch_exporter": false, "YACE": true} {
		c := hairpins(yace)
		end := time.UnixMilli(coarsetest.Start).Add(16 * time.Hour)
		server := around(t, c, end)
		e := newEngine(t, server, sources.ProtocolAuto, withSurroundings(t, server))
		advance(t, e, end)
		if w := e.Evaluation().Warnings; len(w) > 0 {
			t.Errorf("%s: warnings %q", name, w)
		}
		f, checks := checksOf(t, e.Evaluation().Findings, "ghost")
		if len(f.Causes) == 0 || f.Causes[0].Name != diagnosis.CauseHairpinBehind || f.Causes[0].Tied {
			t.Errorf("%s: causes = %+v, want the hairpin alone in front", name, f.Causes)
		}
		outcomes(t, checks, map[string]string{
			diagnosis.CheckThroughNLB: "supports", diagnosis.CheckPlacement: "supports", diagnosis.CheckSameNode: "supports", diagnosis.CheckAlwaysFails: "contradicts",
			diagnosis.CheckNLBPortAllocation: "contradicts", diagnosis.CheckNLBUnhealthy: "contradicts", diagnosis.CheckNLBResets: "contradicts",
		})
		// 16 h of failures of which each is at the first of three proxies, whose connects are a third of all, but for
		// the failures themselves.
		n := 0
		for _, one := range c.Failures["ghost"] {
			if one.AtMillis <= end.UnixMilli() {
				n++
			}
		}
		if same := checks[diagnosis.CheckSameNode]; !strings.Contains(same.Text, fmt.Sprintf("%d of %d failed connects", n, n)) || *same.Figure != 1 || !strings.Contains(same.Text, "36 %") {
			t.Errorf("%s: same-node says %q, figure %v; want all of %d, and 36 %% by chance", name, same.Text, *same.Figure, n)
		}
		if place := checks[diagnosis.CheckPlacement]; !strings.Contains(place.Text, "1 of 3 clients share a node with one of 2 targets") {
			t.Errorf("%s: placement says %q", name, place.Text)
		}
		_, refused := checksOf(t, e.Evaluation().Findings, "refused")
		outcomes(t, refused, map[string]string{diagnosis.CheckThroughNLB: "contradicts", diagnosis.CheckPlacement: "supports", diagnosis.CheckAlwaysFails: "contradicts"})
	}
}

// A NetworkPolicy under which only pods of the same node answer: every connect to another node fails.
func TestNetworkPolicy(t *testing.T) {
	t.Parallel()
	c := newCluster(coarsetest.NewWorld(1, 1))
	for i := range c.Pods {
		ip := fmt.Sprintf("10.1.%d.1", i)
		c.pod("shop", fmt.Sprintf("checkout-%d", i), i, ip)
		for client := range c.Pods {
			// Of the failures of a proxy each of the two pods on other nodes has every second one.
			failed := func(at int64) float64 {
				n := int64(c.failures("ghost", client, at))
				return float64((n + int64((client+i)%2)) / 2)
			}
			connects := func(at int64) float64 { return float64((at - coarsetest.Start) / 60_000) }
			if client != i {
				connects = failed
			} else {
				failed = func(int64) float64 { return 0 }
			}
			c.endpoint("ghost", client, ip+":8080", "", connects, failed)
		}
	}
	end := time.UnixMilli(coarsetest.Start).Add(16 * time.Hour)
	server := around(t, c, end)
	e := newEngine(t, server, sources.ProtocolAuto, withSurroundings(t, server))
	advance(t, e, end)
	f, checks := checksOf(t, e.Evaluation().Findings, "ghost")
	if len(f.Causes) == 0 || f.Causes[0].Name != diagnosis.CauseBlocked || f.Causes[0].Tied {
		t.Errorf("causes = %+v, want what blocks alone in front", f.Causes)
	}
	outcomes(t, checks, map[string]string{
		diagnosis.CheckThroughNLB: "contradicts", diagnosis.CheckAlwaysFails: "supports", diagnosis.CheckSameNode: "contradicts", diagnosis.CheckOneNode: "contradicts",
	})
	if slices.ContainsFunc(f.Causes, func(c finding.Cause) bool { return c.Name == diagnosis.CauseHairpinBehind }) {
		t.Error("the hairpin is named where there is no load balancer")
	}
}

// A service that advances every few minutes and is started anew says what a backfill says, byte for byte, and so
// does the program.
func TestSurroundingsLiveAndBackfill(t *testing.T) {
	t.Parallel()
	end := time.UnixMilli(coarsetest.Start).Add(14*time.Hour + 7*time.Minute)
	server := around(t, hairpins(false), end)
	once := newEngine(t, server, sources.ProtocolAuto, withSurroundings(t, server))
	advance(t, once, end)
	want := outcomeOf(t, once).shown()
	path := filepath.Join(t.TempDir(), "snapshot")
	live := newEngine(t, server, sources.ProtocolAuto, withSurroundings(t, server))
	for at := time.UnixMilli(coarsetest.Start).Add(12 * time.Hour); at.Before(end); at = at.Add(4*time.Minute + 7*time.Second) {
		advance(t, live, at)
		if err := live.WriteSnapshot(path); err != nil {
			t.Fatal(err)
		}
		live = newEngine(t, server, sources.ProtocolAuto, withSurroundings(t, server))
		if err := live.ReadSnapshot(path); err != nil {
			t.Fatal(err)
		}
	}
	advance(t, live, end)
	same(t, "live", outcomeOf(t, live).shown(), want)

	r := ghostpair(t, "backfill", "--prometheus.url="+server.URL(), "--start="+unix(time.UnixMilli(coarsetest.Start)), "--end="+unix(end), "--output=json", "--log.level=error")
	var program finding.Document
	if err := json.Unmarshal([]byte(r.stdout), &program); err != nil {
		t.Fatalf("%v: %s", err, r.stderr)
	}
	_, got := checksOf(t, program.Findings, "ghost")
	_, checks := checksOf(t, once.Evaluation().Findings, "ghost")
	for name, c := range checks {
		if a, b := fmt.Sprint(c.Outcome, c.Text), fmt.Sprint(got[name].Outcome, got[name].Text); a != b {
			t.Errorf("%s: the program says %q, the engine %q", name, b, a)
		}
	}
}

// A node that dies takes the failures of an hour with it: those of its endpoint.
func TestDeadNode(t *testing.T) {
	t.Parallel()
	const hour = 3_600_000
	w := coarsetest.NewWorld(1, 2)
	w.Failures["ghost"] = nil
	for k := range int64(120) { // every half minute from hour 26 on, at all three proxies
		w.Failures["ghost"] = append(w.Failures["ghost"], coarsetest.Failure{
			AtMillis: coarsetest.Start + 26*hour + 25_000*k + 777*k%9000, Pod: int(k % 3), WaitMillis: 5005, Connect: true, TimedOut: true,
		})
	}
	c := newCluster(w)
	for on := range 3 {
		ip := fmt.Sprintf("10.1.%d.1", on)
		c.pod("shop", fmt.Sprintf("checkout-%d", on), on, ip)
		for client := range c.Pods {
			failed := func(at int64) float64 { return c.failures("ghost", client, at) }
			if on != 2 {
				failed = func(int64) float64 { return 0 }
			}
			c.endpoint("ghost", client, ip+":8080", "", func(at int64) float64 { return float64((at-coarsetest.Start)/60_000) + failed(at) }, failed)
		}
	}
	end := time.UnixMilli(coarsetest.Start).Add(29 * time.Hour)
	server := around(t, c, end)
	e := newEngine(t, server, sources.ProtocolAuto, withSurroundings(t, server))
	advance(t, e, end)
	f, checks := checksOf(t, e.Evaluation().Findings, "ghost")
	if len(f.Causes) == 0 || f.Causes[0].Name != diagnosis.CauseDeadNode || f.Causes[0].Tied {
		t.Errorf("causes = %+v, want the dead node alone in front", f.Causes)
	}
	// A third of the proxies is on the node of the endpoint that fails, as chance has it.
	outcomes(t, checks, map[string]string{diagnosis.CheckOneNode: "supports", diagnosis.CheckBrief: "supports", diagnosis.CheckSameNode: "contradicts", diagnosis.CheckThroughNLB: "contradicts"})
	if text := checks[diagnosis.CheckOneNode].Text; !strings.Contains(text, "120 of 120 failures are those of the worst of 3 nodes") {
		t.Errorf("one-node says %q", text)
	}
}
