package score

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// certifiedTables are the tables that the properties are checked on: the usual ones, and odd ones.
func certifiedTables(t *testing.T) []*Table {
	t.Helper()
	tables, err := embeddedTables()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 14))
	for range 12 {
		lo := time.Duration(500+rng.IntN(20_000)) * time.Millisecond
		fp := Fingerprint{Lo: lo, Hi: lo + time.Duration(rng.IntN(4000))*time.Millisecond}
		table, err := Solve(200+rng.Int64N(6000), fp)
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	return tables
}

// column returns the scores of one phase.
func column(row []float64, phase int) []float64 {
	var scores []float64
	for i := phase; i < len(row); i += Phases {
		scores = append(scores, row[i])
	}
	return scores
}

// The mean score is at most 1 under every member of the null, up to the rounding of the sum: the
// false-alarm budget rests on it, so the accuracy of the solver must not enter.
func TestScoresAreCertified(t *testing.T) {
	t.Parallel()
	for _, table := range certifiedTables(t) {
		for phase := range Phases {
			members := null(table.lags(phase))
			for k := range table.Kernels {
				for r := range rhoCount {
					scores := column(table.Scores[k][r], phase)
					for j, g := range members {
						if mean := dot(g, scores); mean > 1+1e-14 {
							t.Fatalf("%d ms, [%v, %v], phase %d, kernel %d, rho %d: mean 1%+g under member %d",
								table.DeltaMillis, table.Fingerprint.Lo, table.Fingerprint.Hi, phase, k, r, mean-1, j)
						}
					}
				}
			}
		}
	}
}

// The same for backgrounds that are no members, but mixtures of them in theory: random constant plus
// convex decreasing intensities, at any phase, with any density of the true lag around the nominal.
func TestScoresAreSafeUnderRandomConvexBackgrounds(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 71))
	for _, table := range certifiedTables(t) {
		for range 40 {
			phase := rng.IntN(Phases)
			background := randomConvex(rng, table, phase)
			for k := range table.Kernels {
				for r := range rhoCount {
					if mean := dot(background, column(table.Scores[k][r], phase)); mean > 1+1e-9 {
						t.Fatalf("%d ms, [%v, %v], phase %d: mean score 1%+g under a convex background",
							table.DeltaMillis, table.Fingerprint.Lo, table.Fingerprint.Hi, phase, mean-1)
					}
				}
			}
		}
	}
}

// randomConvex returns the slot probabilities of one phase under a random follow-up intensity.
func randomConvex(rng *rand.Rand, table *Table, phase int) []float64 {
	constant := max(0, rng.Float64()-0.3) // now and then 0
	decay, power := math.Exp(3*rng.NormFloat64()), math.Exp(2*rng.NormFloat64())
	knee := 30 * rng.Float64()
	intensity := func(u float64) float64 {
		return constant + math.Exp(-u/decay) + math.Pow(1+u, -power) + max(0, knee-u)/10
	}
	offsets := make([]float64, 1+rng.IntN(5))
	for i := range offsets {
		offsets[i] = 2*rng.Float64() - 1
	}
	background := make([]float64, table.Slots())
	for j, lag := range table.lags(phase) {
		for _, offset := range offsets {
			background[j] += intensity(lag + offset*table.deltaSeconds())
		}
	}
	normalise(background)
	return background
}

// Scores are e-values of something: under the fingerprint itself their mean exceeds 1 wherever the
// lag is resolvable, and there it is the larger ρ that gains the most.
func TestScoresGrowOnPairs(t *testing.T) {
	t.Parallel()
	for _, table := range referenceTables(t) {
		if !table.Resolvable() {
			continue
		}
		density := table.density(table.Kernels[0], 0)
		last := math.Inf(1)
		for r := range rhoCount {
			growth := 0.0
			for j, h := range column(table.Scores[0][r], 0) {
				growth += density[j] * math.Log(h)
			}
			if growth <= 0 || growth >= last {
				t.Errorf("%d ms, [%v, %v]: growth %v at rho %d after %v",
					table.DeltaMillis, table.Fingerprint.Lo, table.Fingerprint.Hi, growth, r, last)
			}
			last = growth
		}
	}
}
