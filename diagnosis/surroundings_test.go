package diagnosis

import (
	"reflect"
	"strings"
	"testing"
)

// All that is known around a route is in its observations, and replaces nothing else.
func TestSurroundingsAddTo(t *testing.T) {
	t.Parallel()
	yes, n := true, int64(3)
	s := Surroundings{
		ThroughNLB: &yes, BehindNLB: &yes, Upstream: &Meeting{Clients: 1}, Callers: &Meeting{Clients: 2}, SameNode: &SameNode{Failures: 3},
		FailuresByNode: []int64{1, 2}, EndpointAttempts: &n, EndpointFailures: &n, NLB: NLBCounts{Resets: &Concentration{Inside: 1}},
		Unknown: map[string]string{CheckOneNode: "why"},
	}
	o := Observations{Errors: &n, Connects: ConnectCounts{Failures: &n}}
	s.AddTo(&o)
	want := Observations{
		Errors: &n, Connects: ConnectCounts{Failures: &n, EndpointAttempts: &n, EndpointFailures: &n}, ThroughNLB: &yes, BehindNLB: &yes,
		Upstream: s.Upstream, Callers: s.Callers, SameNode: s.SameNode, FailuresByNode: s.FailuresByNode, NLB: s.NLB, Unknown: s.Unknown,
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("observations %+v, want %+v", o, want)
	}
}

// A reason is told where a check cannot tell for want of input, and nowhere else.
func TestUnknownIsTold(t *testing.T) {
	t.Parallel()
	const why = "the moon is full"
	o := Observations{
		Unknown:        map[string]string{CheckThroughNLB: why, CheckPlacement: why, CheckSameNode: why, "no check": why},
		Upstream:       &Meeting{Clients: 2, Targets: 2, Meeting: 1},
		SameNode:       &SameNode{Failures: 10, Shared: 6, Expected: 0.5},
		FailuresByNode: []int64{1},
	}
	for _, c := range Checks(o) {
		if told := strings.Contains(c.Text, why); told != (c.Name == CheckThroughNLB) {
			t.Errorf("%s: %q", c.Name, c.Text)
		}
	}
}

// Where a load balancer chooses the target, failures of proxies without one on their node speak against it, and where all
// proxies have one, nothing can be told.
func TestSameNodeByClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    SameNode
		want Outcome
	}{
		{SameNode{Failures: 40, Shared: 40, Expected: 0.33}, Supports},
		{SameNode{Failures: 40, Shared: 40, Expected: 1}, CannotTell},
		{SameNode{Failures: 40, Shared: 13, Expected: 0.33}, Contradicts},
		{SameNode{Failures: 40, Shared: 30, Expected: 0.75}, CannotTell},
		{SameNode{Failures: 0, Shared: 0, Expected: 0.33}, CannotTell},
	} {
		c.n.ByClient = true
		got := sameNodeCheck(Observations{SameNode: &c.n})
		if got.Outcome != c.want || c.n.Failures > 0 && !strings.Contains(got.Text, "of proxies that share a node with a target") {
			t.Errorf("%+v: %s, %q; want %s", c.n, got.Outcome, got.Text, c.want)
		}
	}
}
