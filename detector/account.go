package detector

import "github.com/ghostpair/ghostpair/detector/score"

const (
	levels       = 2 // where the second error of a pair is counted: 0 on the same target, 1 on any
	strategies   = 7 // score.Stakes
	rhos         = 4 // score.Rhos
	maxKernels   = 2
	maxAccounts  = maxKernels * levels * strategies
	maxScores    = maxKernels * rhos * levels
	smallestPart = 1e-6 // a stake below this share of an account's wealth is not placed
)

// stakes are what the accounts of one stream put on one trial, by account.
type stakes [maxAccounts]float64

// bets maps accounts to what they bet on. Account (kernel, level, strategy) has the index
// (kernel·2 + level)·7 + strategy, which is also the order in which accounts are summed.
type bets struct {
	share [maxAccounts]float64 // of the account's wealth
	score [maxAccounts]uint8   // index into the scores of a trial
}

// newBets lays out the accounts.
func newBets() *bets {
	b := new(bets)
	for kernel := range maxKernels {
		for level := range levels {
			for i, stake := range score.Stakes() {
				a := (kernel*levels+level)*strategies + i
				b.share[a] = stake.Share
				b.score[a] = uint8(scoreIndex(kernel, stake.Rho, level))
			}
		}
	}
	return b
}

// scoreIndex is the index of a score of a trial.
func scoreIndex(kernel, rho, level int) int { return (kernel*rhos+rho)*levels + level }

// accounts are the wealth of one stream. Wealth is cash, or open: staked on trials that have not
// closed yet.
type accounts struct {
	cash, open stakes
}

// inject gives every account one unit.
func (a *accounts) inject(n int) {
	for i := range a.cash[:n] {
		a.cash[i]++
	}
}

// place stakes the share of every account's wealth, as far as there is cash, and tells whether
// there was a stake at all. A stake is fixed before the trial is looked at: that is what makes the
// wealth a supermartingale.
func (a *accounts) place(b *bets, n int, placed *stakes) bool {
	cash, open, share, out := a.cash[:n], a.open[:n], b.share[:n], placed[:n]
	any := false
	for i := range cash {
		total := cash[i] + open[i]
		stake := share[i] * total
		if stake > cash[i] {
			stake = cash[i]
		}
		if stake < smallestPart*total || stake <= 0 {
			out[i] = 0
			continue
		}
		cash[i] -= stake
		open[i] += stake
		out[i] = stake
		any = true
	}
	return any
}

// refund closes a trial without a cell in its window, whose scores are all 1, and returns M.
func (a *accounts) refund(n int, placed *stakes) float64 {
	cash, open, in := a.cash[:n], a.open[:n], placed[:n]
	sum := 0.0
	for i := range cash {
		if stake := in[i]; stake != 0 {
			cash[i] += stake
			if open[i] -= stake; open[i] < 0 {
				open[i] = 0
			}
		}
		sum += cash[i]
	}
	return sum / float64(n)
}

// settle pays out stake × score and returns M, the mean cash of the accounts. The explicit
// conversion forbids a fused multiply-add, so that every machine gets the same last bit.
func (a *accounts) settle(b *bets, n int, placed *stakes, scores *[maxScores]float64) float64 {
	cash, open, in, index := a.cash[:n], a.open[:n], placed[:n], b.score[:n]
	sum := 0.0
	for i := range cash {
		if stake := in[i]; stake != 0 {
			cash[i] += float64(stake * scores[index[i]&(maxScores-1)])
			if open[i] -= stake; open[i] < 0 {
				open[i] = 0
			}
		}
		sum += cash[i]
	}
	return sum / float64(n)
}

// mean is M: the mean cash of the accounts.
func (a *accounts) mean(n int) float64 {
	sum := 0.0
	for _, cash := range a.cash[:n] {
		sum += cash
	}
	return sum / float64(n)
}

// leader names the level and the kernel that hold the most cash; the first one wins a tie.
func (a *accounts) leader(n int) (level, kernel int) {
	var byLevel [levels]float64
	var byKernel [maxKernels]float64
	for k := range n / (levels * strategies) {
		for l := range levels {
			row := 0.0
			for _, cash := range a.cash[(k*levels+l)*strategies:][:strategies] {
				row += cash
			}
			byLevel[l] += row
			byKernel[k] += row
		}
	}
	if byLevel[1] > byLevel[0] {
		level = 1
	}
	if byKernel[1] > byKernel[0] {
		kernel = 1
	}
	return level, kernel
}
