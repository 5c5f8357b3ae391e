package simulate

import (
	"math"
	"testing"
)

// TestBackgroundRates: whatever the kind, there are as many errors as were asked for.
func TestBackgroundRates(t *testing.T) {
	t.Parallel()
	const hours, perHour = 4800, 20.
	for _, c := range []struct {
		name  string
		count float64 // variance of the number in an hour, over that of a Poisson process
	}{
		{"none", 0},
		{"poisson", 1},
		// Bursts of mean size 10 have E[size²]/E[size] = 19; of the errors 40 % are in one, and echoes of
		// 30 % and 15 % add a factor below 1.5.
		{"bursty", 1.5 * (0.6 + 0.4*19)},
		{"diurnal", 1},
		// E[Binomial(60, ½)²] / 30 = 915/30
		{"periodic", 30.5},
	} {
		processes, ok := Background(c.name, perHour)
		if !ok {
			t.Fatalf("no background %s", c.name)
		}
		got := 0.
		for _, p := range processes {
			got += float64(len(drawn(p, hours)))
		}
		want := perHour * hours
		if c.name == "none" {
			want = 0
		}
		// 4.5 standard deviations: once in 150,000 seeds
		if bound := 4.5 * math.Sqrt(c.count*want); math.Abs(got-want) > bound {
			t.Errorf("%s: %v errors in %v hours, want %v ± %.0f", c.name, got, hours, want, bound)
		}
	}
	if len(Backgrounds()) != 5 {
		t.Errorf("%d backgrounds, the test knows 5", len(Backgrounds()))
	}
	if _, ok := Background("unheard-of", 1); ok {
		t.Error("there is a background of a name that nobody knows")
	}
}
