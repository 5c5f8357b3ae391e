package score

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ghostpair/ghostpair/detector/internal/mixture"
)

// Limits of what is solved.
const (
	maxSlots   = 1024                 // slots of a window; [5s, 6.5s] at 1 s has 11
	maxLag     = 366 * 24 * time.Hour // of fingerprints and scrape intervals, so that nothing overflows
	gap        = 1e-12                // certificate at which a projection counts as found
	minPresent = 1e-9                 // kernel mass in the window below which there is nothing to score
)

// ErrFingerprint is what Solve reports on a fingerprint or scrape interval that has no table.
var ErrFingerprint = errors.New("no table")

func validate(deltaMillis int64, fp Fingerprint) error {
	switch {
	case deltaMillis <= 0 || deltaMillis > maxLag.Milliseconds():
		return fmt.Errorf("scrape interval %d ms: must be positive and below a year: %w", deltaMillis, ErrFingerprint)
	case fp.Lo <= 0 || fp.Hi < fp.Lo || fp.Hi > maxLag:
		return fmt.Errorf("fingerprint [%v, %v]: must be an interval of positive lags below a year: %w", fp.Lo, fp.Hi, ErrFingerprint)
	}
	first, last := Window(deltaMillis, fp)
	if n := last - first + 1; n > maxSlots {
		return fmt.Errorf("fingerprint [%v, %v] at a scrape interval of %d ms: needs %d slots, at most %d are allowed: %w",
			fp.Lo, fp.Hi, deltaMillis, n, maxSlots, ErrFingerprint)
	}
	return nil
}

// Solve computes the table of a fingerprint at a scrape interval. The result is certified: the mean
// score is at most 1 under every member of the null, whatever the accuracy of the solver.
func Solve(deltaMillis int64, fp Fingerprint) (*Table, error) {
	if err := validate(deltaMillis, fp); err != nil {
		return nil, err
	}
	t := newTable(deltaMillis, fp)
	t.Scores = make([][][]float64, len(t.Kernels))
	for k := range t.Scores {
		t.Scores[k] = make([][]float64, rhoCount)
		for r := range t.Scores[k] {
			t.Scores[k][r] = make([]float64, t.Slots()*Phases)
		}
	}
	var solver mixture.Solver
	for phase := range Phases {
		t.solvePhase(&solver, phase)
	}
	t.GrowthSame, t.GrowthAny = t.growth()
	return t, nil
}

// solvePhase fills in the scores of one phase.
func (t *Table) solvePhase(solver *mixture.Solver, phase int) {
	members := null(t.lags(phase))
	for k, kernel := range t.Kernels {
		density := t.density(kernel, phase)
		present := normalise(density)
		for r, rho := range Rhos() {
			row := t.Scores[k][r]
			if !present {
				for j := range t.Slots() {
					row[j*Phases+phase] = 1 // the window never sees the pair: no information
				}
				continue
			}
			for j, h := range scoreRow(solver, density, members, rho) {
				row[j*Phases+phase] = h
			}
		}
	}
}

// scoreRow returns the growth-optimal e-value of (1-ρ)·uniform + ρ·density against the null.
func scoreRow(solver *mixture.Solver, density []float64, members [][]float64, rho float64) []float64 {
	p := make([]float64, len(density))
	for j, f := range density {
		p[j] = (1-rho)/float64(len(p)) + rho*f
	}
	closest := mixture.Density(solver.Fit(p, members, nil, gap), members)
	for j := range p {
		p[j] /= closest[j]
	}
	worst := 1.0
	for _, g := range members {
		worst = max(worst, dot(g, p))
	}
	for j := range p {
		p[j] /= worst
	}
	return p
}

// lags returns the lags of the slots of one phase, in seconds.
func (t *Table) lags(phase int) []float64 {
	lags := make([]float64, t.Slots())
	for j := range lags {
		lags[j] = (float64(t.FirstSlot+j) + float64(phase)/Phases) * t.deltaSeconds()
	}
	return lags
}

// density returns the probabilities of the slots of one phase under a kernel.
func (t *Table) density(k Kernel, phase int) []float64 {
	density := t.lags(phase)
	for j, lag := range density {
		density[j] = k.At(lag, t.deltaSeconds())
	}
	return density
}

func (t *Table) deltaSeconds() float64 { return float64(t.DeltaMillis) / 1000 }

// growth returns the mean log score of the second error of a pair at phase 0 and over all phases.
// The kernel is not normalised: an error that falls outside of the window earns nothing.
func (t *Table) growth() (same, anyPhase float64) {
	for phase := range Phases {
		sum := 0.0
		for j, f := range t.density(t.Kernels[0], phase) {
			if f > 0 {
				sum += f * math.Log(t.Scores[0][0][j*Phases+phase])
			}
		}
		if phase == 0 {
			same = sum
		}
		anyPhase += sum / Phases
	}
	return same, anyPhase
}

// normalise scales x to sum 1, unless there is next to nothing to scale.
func normalise(x []float64) bool {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	if sum <= minPresent {
		return false
	}
	for i := range x {
		x[i] /= sum
	}
	return true
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
