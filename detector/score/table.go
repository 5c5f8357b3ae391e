package score

// Phases is the number of sub-slots into which a scrape interval is divided: the lag between two
// cells is rounded to 1/Phases of the interval. Cells of one target always fall on phase 0; the
// scrape phases of two targets differ by anything.
const Phases = 8

// minGrowth is the growth in nats per pair below which a lag counts as not resolvable.
const minGrowth = 0.25

// Table holds the scores of one fingerprint at one scrape interval: the e-value of a second error
// at each lag. It is immutable and may be shared.
//
// For a mixture p = (1-ρ)·uniform + ρ·kernel over the slots of one phase, the scores are p/ĝ, where
// ĝ is the member of the null closest to p in Kullback-Leibler divergence (the reverse information
// projection of Grünwald, de Heide and Koolen, "Safe testing", 2024). Their mean under every member
// of the null is at most 1; see null for the members.
type Table struct {
	DeltaMillis int64
	Fingerprint Fingerprint // Name is empty: the scores depend on the bounds only
	FirstSlot   int         // first lag of the window, in scrape intervals
	LastSlot    int         // last lag of the window
	Kernels     []Kernel    // wide first

	// Scores[kernel][rho][index], where index is that of Slot.
	Scores [][][]float64

	// GrowthSame and GrowthAny are the mean log scores of the second error of a true pair, in nats,
	// with the wide kernel at the largest ρ: on the trigger's own target, and on any target.
	GrowthSame, GrowthAny float64
}

// newTable returns the table of a fingerprint without its scores.
func newTable(deltaMillis int64, fp Fingerprint) *Table {
	fp.Name = ""
	first, last := Window(deltaMillis, fp)
	return &Table{DeltaMillis: deltaMillis, Fingerprint: fp, FirstSlot: first, LastSlot: last, Kernels: kernelsOf(fp)}
}

// Slots is the number of whole scrape intervals in the window.
func (t *Table) Slots() int { return t.LastSlot - t.FirstSlot + 1 }

// Slot returns the index into Scores[kernel][rho] of a cell whose right end is lagMillis after the
// right end of the trigger cell; not ok when that is outside of the window. The lag is rounded to
// Δ/8, halves up, in integer arithmetic.
func (t *Table) Slot(lagMillis int64) (index int, ok bool) {
	twice := 2 * t.DeltaMillis
	scaled := 2*Phases*lagMillis + t.DeltaMillis // rounded lag · 2Δ, plus a remainder
	first := int64(t.FirstSlot) * Phases
	if scaled < first*twice || scaled >= int64(t.LastSlot+1)*Phases*twice {
		return 0, false
	}
	return int(scaled/twice - first), true
}

// CloseMillis is how long after its trigger a trial closes: when every cell that can count in it
// has been scraped.
func (t *Table) CloseMillis() int64 { return int64(t.LastSlot+1) * t.DeltaMillis }

// Resolvable tells whether scrapes at this interval can tell pairs at the fingerprint lag from
// short bursts, when both errors of a pair are counted by one target.
func (t *Table) Resolvable() bool { return t.GrowthSame >= minGrowth }

// ResolvableAcross tells the same for pairs whose errors are counted by any two targets.
func (t *Table) ResolvableAcross() bool { return t.GrowthAny >= minGrowth }

// rhoCount is the number of Rhos.
const rhoCount = 4

// Rhos returns the shares of pairs among the second errors that the scores are optimal for.
func Rhos() [rhoCount]float64 { return [4]float64{0.8, 0.4, 0.2, 0.05} }

// Stake is one betting strategy: an account that stakes the share Share of its wealth on each trial
// at the score for ρ number Rho.
type Stake struct {
	Rho   int     // index into Rhos and Table.Scores[kernel]
	Share float64 // of the account's wealth
}

// Stakes returns the betting strategies, in the order in which accounts are summed.
//
// A large ρ is fast when almost every second error is a pair, a small one when pairs drown in a
// background. A small stake lets many trials be open at once, which is worth it at high rates.
func Stakes() [7]Stake {
	return [7]Stake{{0, 1}, {0, 1. / 4}, {0, 1. / 16}, {1, 1}, {2, 1}, {2, 1. / 4}, {3, 1}}
}
