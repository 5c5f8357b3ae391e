package detector

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// tolerance is the relative difference from the reference that its tables, stored with eight
// decimals, and its ten digits allow for.
const tolerance = 1e-6

type referenceCase struct {
	Name      string
	Lo, Hi    float64
	Threshold float64
	Targets   []struct {
		Route, Target string
		DeltaMillis   int64 `json:"delta_ms"`
		FirstMillis   int64 `json:"first_ms"`
		LastMillis    int64 `json:"last_ms"`
		Missing       []int64
	}
	Cells  [][4]any
	Trials []struct {
		T             int64
		Route, Target string
		Same          int `json:"m_same"`
		Any           int `json:"m_any"`
		E             [][][]float64
		M             float64
		Pool          float64 `json:"M_pool"`
		Event         string
		EventPool     string `json:"event_pool"`
	}
	Log map[string][]struct {
		T             int64
		What          string
		M             float64
		Injected      uint32
		Level, Kernel string
	}
	Final map[string]float64 `json:"final_M"`
}

func readReference(t testing.TB, name string, to any) {
	t.Helper()
	data, err := os.ReadFile("testdata/reference/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatal(err)
	}
}

// world builds the scrapes and cells of a case. A cell at the end of an irregular interval is growth.
func (c *referenceCase) world() *world {
	w := &world{}
	routes := map[string]int32{}
	for _, g := range c.Targets {
		missing := map[int64]bool{}
		for _, at := range g.Missing {
			missing[at] = true
		}
		times := slices.DeleteFunc(grid(g.FirstMillis, g.LastMillis, g.DeltaMillis), func(at int64) bool { return missing[at] })
		if _, ok := routes[g.Route]; !ok {
			routes[g.Route] = int32(len(routes))
		}
		u := w.unit(g.Route, routes[g.Route], g.Target, w.target(g.DeltaMillis, times))
		for _, cell := range c.Cells {
			if cell[1] != g.Route || cell[2] != g.Target {
				continue
			}
			at, kind := int64(cell[0].(float64)), observe.Cell
			if i := w.targets[u.TargetID].latest(at); !w.targets[u.TargetID].regular(i) {
				kind = observe.Growth
			}
			w.add(u, at, kind, cell[3].(float64))
		}
	}
	w.sort()
	return w
}

func (c *referenceCase) fingerprint() score.Fingerprint {
	return score.Fingerprint{
		Name: "f", Lo: time.Duration(c.Lo * float64(time.Second)), Hi: time.Duration(c.Hi * float64(time.Second)),
	}
}

func near(got, want float64) bool {
	return math.Abs(got-want) <= tolerance*math.Max(1e-9, math.Abs(want))
}

// TestReferenceTrials runs every case of the reference and compares trial by trial: the cells in the
// window, the e-values, the evidence of both streams after the settlement, and what it led to.
func TestReferenceTrials(t *testing.T) {
	t.Parallel()
	var cases []*referenceCase
	readReference(t, "detector.json", &cases)
	tables := referenceTables(t)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := c.world()
			d := New(Options{Fingerprints: []score.Fingerprint{c.fingerprint()}, Tables: tables, FalseAlarmsPerMonth: 1}, w)
			d.fixed = c.Threshold
			n := 0
			d.onTrial = func(tr *trial, o *outcome, own, pooled happening) {
				if n < len(c.Trials) {
					compareTrial(t, d, c, n, tr, o, own, pooled)
				}
				n++
			}
			from := c.Targets[0].FirstMillis - 1000
			w.feed(t, d, from, from+12*hourMillis)
			if n != len(c.Trials) {
				t.Errorf("%d trials, want %d", n, len(c.Trials))
			}
			for _, s := range append(streamsOf(d), &d.pools[0]) {
				name := "*"
				if s.route != nil {
					name = s.route.name
				}
				if !near(s.evidence, c.Final[name]) {
					t.Errorf("final M of %s is %g, want %g", name, s.evidence, c.Final[name])
				}
				compareAlarm(t, c, name, s)
			}
		})
	}
}

func streamsOf(d *Detector) []*stream {
	var all []*stream
	for _, r := range d.routes {
		for f := range r.streams {
			all = append(all, &r.streams[f])
		}
	}
	return all
}

func compareTrial(t *testing.T, d *Detector, c *referenceCase, n int, tr *trial, o *outcome, own, pooled happening) {
	t.Helper()
	want := &c.Trials[n]
	s := &tr.unit.route.streams[0]
	if tr.startMillis != want.T || tr.unit.route.name != want.Route || tr.unit.targetName != want.Target {
		t.Fatalf("trial %d is of %d %s %s, want %d %s %s", n, tr.startMillis, tr.unit.route.name, tr.unit.targetName, want.T, want.Route, want.Target)
	}
	// A crowded trial is void: its hits are counted up to four only.
	if o.own != min(want.Same, maxHits+1) || o.hits != min(want.Any, maxHits+1) {
		t.Errorf("trial %d has %d and %d hits, want %d and %d", n, o.own, o.hits, want.Same, want.Any)
	}
	for k, byRho := range want.E {
		for r, byLevel := range byRho {
			for l, e := range byLevel {
				if got := o.scores[scoreIndex(k, r, l)]; !near(got, e) {
					t.Errorf("trial %d: e-value of kernel %d, rho %d, level %d is %g, want %g", n, k, r, l, got, e)
				}
			}
		}
	}
	if !near(s.evidence, want.M) || !near(d.pools[0].evidence, want.Pool) {
		t.Errorf("trial %d: M is %g and %g, want %g and %g", n, s.evidence, d.pools[0].evidence, want.M, want.Pool)
	}
	names := map[happening]string{alarm: "alarm", confirm: "confirm"}
	if names[own] != want.Event || names[pooled] != want.EventPool {
		t.Errorf("trial %d led to %q and %q, want %q and %q", n, names[own], names[pooled], want.Event, want.EventPool)
	}
}

// compareAlarm compares what is kept of the alarms and confirmations of a stream.
func compareAlarm(t *testing.T, c *referenceCase, name string, s *stream) {
	t.Helper()
	log := c.Log[name]
	if int(s.epoch) != len(log) {
		t.Errorf("%s had %d alarms and confirmations, want %d", name, s.epoch, len(log))
	}
	if len(log) == 0 {
		return
	}
	if s.firstAlarm != log[0].T {
		t.Errorf("first alarm of %s at %d, want %d", name, s.firstAlarm, log[0].T)
	}
	last := log[len(log)-1]
	if s.level.String() != last.Level || kernelName(s.kernel) != last.Kernel {
		t.Errorf("latest alarm of %s is by %s %s, want %s %s", name, s.level, kernelName(s.kernel), last.Level, last.Kernel)
	}
	top := 0.0
	for _, row := range log {
		top = max(top, row.M)
	}
	if s.peak < top*(1-tolerance) {
		t.Errorf("peak of %s is %g, want at least %g", name, s.peak, top)
	}
}

func TestReferenceVerdicts(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Name  string
		Hours []struct {
			Covered    float64
			Resolvable bool
			Coverage   float64
			Cells      int
			Occupancy  float64
			Upper      *float64
			UpperSince *float64 `json:"upper_since"`
			Events     []string
			State      string
			Reasons    []string
		}
	}
	readReference(t, "verdict.json", &cases)
	bound := func(x *float64) func() (float64, bool) {
		return func() (float64, bool) {
			if x == nil {
				return 0, false
			}
			return *x, true
		}
	}
	for _, c := range cases {
		v := verdict{reasons: reasonNoData}
		for i, h := range c.Hours {
			v.alarmed = slices.Contains(h.Events, "alarm")
			v.proven = slices.Contains(h.Events, "confirm")
			v.step(&evidenceOfHour{
				covered: h.Covered, resolvable: h.Resolvable, coverage: h.Coverage, cells: h.Cells,
				occupancy: h.Occupancy, upper: bound(h.Upper), upperSince: bound(h.UpperSince),
			}, 0.1)
			if v.state.String() != h.State || !slices.Equal(v.reasons.names(), h.Reasons) {
				t.Errorf("%s, hour %d: %s %v, want %s %v", c.Name, i, v.state, v.reasons.names(), h.State, h.Reasons)
			}
		}
	}
}
