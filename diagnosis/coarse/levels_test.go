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
	levels, sum := c.levels(), 0.0
	for _, r := range c.routes {
		sum += levels.of(&r.Accounts[0][0])(day)
	}
	// Two tests on 30 days: a sixtieth of the month's 3, of which the newborn leave a tail.
	if limit := 3.0 / 60; sum > limit || sum < 0.9*limit {
		t.Errorf("the levels of a day add up to %g, want at most %g", sum, limit)
	}
}
