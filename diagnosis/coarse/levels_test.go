package coarse

import (
	"fmt"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// The levels of a day add up to no more than was promised.
func TestLevelsAddUp(t *testing.T) {
	t.Parallel()
	c := New(Options{Fingerprints: []score.Fingerprint{{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}}, FalseSuspicionsPerMonth: 3})
	day := int64(100 * dayMillis)
	for i := range 40 {
		r := newRoute(1)
		r.Accounts[0] = []account{{DeltaMillis: 15000, Born: day - 20*hourMillis + int64(i)*hourMillis}}
		c.routes[fmt.Sprintf("r%02d", i)] = r
	}
	before := make(map[string]float64)
	for name, r := range c.routes {
		before[name] = c.levels().of(&r.Accounts[0][0])(day)
	}
	for i := range 10 { // of the first twenty, half went before the day began, and half go during it
		c.routes[fmt.Sprintf("r%02d", i)].Last = day + int64(i-4)*hourMillis - keepRouteMillis - 1
		c.remove(fmt.Sprintf("r%02d", i))
	}
	levels, sum := c.levels(), 0.0
	for i := range 5 {
		sum += before[fmt.Sprintf("r%02d", i+5)] // those that go in the course of the day
	}
	for _, r := range c.routes {
		sum += levels.of(&r.Accounts[0][0])(day)
	}
	for name, r := range c.routes {
		born := r.Accounts[0][0].Born
		switch got := levels.of(&r.Accounts[0][0])(day); {
		case born > day && got != before[name]:
			t.Errorf("%s, born in the day, has the level %g after others went, before it was %g", name, got, before[name])
		case born <= day && !(got > before[name]): // a sixteenth of the half, not a twenty-first
			t.Errorf("%s has the level %g, want more than the %g that it would have had with those that went the day before", name, got, before[name])
		}
	}
	// Two tests on 30 days: a sixtieth of the month's 3, of which the newborn leave a tail.
	if limit := 3.0 / 60; sum > limit || sum < 0.9*limit {
		t.Errorf("the levels of a day add up to %g, want at most %g", sum, limit)
	}
}
