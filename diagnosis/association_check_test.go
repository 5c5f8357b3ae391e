package diagnosis

import "testing"

// Where every interval has a slow request, as with a proxy whose requests all fail slowly, chance
// makes all errors coincide: that neither supports nor contradicts.
func TestSlowEverywhereTellsNothing(t *testing.T) {
	t.Parallel()
	var s strata
	s.add(Stratum{Intervals: 8, Errors: 4, Slow: 8}, 12)
	a, ok := s.associate(48)
	if got := associationCheck(CheckSlowBucket, &a, "the latency histogram"); !ok || got.Outcome != CannotTell {
		t.Errorf("%s: %s, want that it cannot tell", got.Outcome, got.Text)
	}
	// The same errors with slow requests elsewhere do contradict: none of 48 where chance gives 12.
	s = nil
	s.add(Stratum{Intervals: 8, Errors: 4, Slow: 2}, 12)
	a, ok = s.associate(0)
	if got := associationCheck(CheckSlowBucket, &a, "the latency histogram"); !ok || got.Outcome != Contradicts {
		t.Errorf("%s: %s, want a contradiction", got.Outcome, got.Text)
	}
}
