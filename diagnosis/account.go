package diagnosis

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ghostpair/ghostpair/detector/score"
)

const (
	dayMillis      = 24 * 60 * 60 * 1000
	maxDeltaMillis = 60 * 60 * 1000 // blocks must be much shorter than a day
)

// Known tells which counters of a target were read in a stretch.
type Known uint8

// The counters of a stretch.
const (
	KnownErrors   Known = 1 << iota // errors of the route
	KnownSlow                       // latency buckets around the timeout
	KnownFailures                   // failed connects
	KnownTimeouts                   // connects that timed out
	KnownPending                    // gauge of pending requests at the left ends
	KnownUpstream                   // buckets of completed upstream responses around the timeout
)

// A Stretch is one or more regular scrape intervals of one target in a row that are equally long and
// in which the same things happened: the interval (Left, At], cut into Intervals parts. How
// intervals are grouped into stretches makes no difference.
type Stretch struct {
	Target               int32 // the counting process, numbered by the caller
	LeftMillis, AtMillis int64
	Intervals            int

	Known    Known
	Errors   int64 // in each interval
	Slow     bool  // whether the latency buckets around the timeout grew
	Upstream bool  // whether those of completed upstream responses grew
	Failures int64 // failed connects in each interval
	Timeouts int64 // of these, those that timed out
	Pending  int64 // gauge at the left end of each interval
}

func (s Stretch) knows(k Known) bool { return s.Known&k == k }

// AccountOptions says what an account is about.
type AccountOptions struct {
	DeltaMillis int64 // scrape interval of all targets of the account
	Fingerprint score.Fingerprint
}

// Account collects what coarse scrapes say about one route, fingerprint and scrape interval, and
// decides at planned looks whether it is suspected. A look is taken when the error intervals of the
// UTC day (for the association) or its failed connects (for the dwell time) first reach 20, 40, 80, …,
// the j-th at level α/2^j, and when the day ends, with the rest of α.
//
// Evidence is settled in blocks of eight intervals, aligned to absolute time, a block once it can
// change no more. So the place of a look depends on how many errors there were in each block and
// never on where in the block, which keeps the permutation test exact, and the state is a function
// of the stretches and the newest watermark: however time was cut, it is equal byte for byte.
//
// Memory is a few blocks plus a few words per live target. It is not safe for concurrent use.
type Account struct {
	options AccountOptions

	watermark int64
	started   bool              // whether the watermark was ever set
	targets   map[int32]*target // with a block that is not settled
	blocks    []block           // not settled, by index
	day       day               // being settled
	yesterday tally             // the day before it
	suspicion Suspicion
	suspected bool
}

// A Suspicion is the look that made a route suspected, or last confirmed it.
type Suspicion struct {
	SinceMillis int64   // when it was first suspected without a break
	AtMillis    int64   // when the look was taken
	Test        Test    // that passed
	Look        int     // 1 for the first of its day
	PValue      float64 // at that look
	Level       float64 // that it had to reach
}

// A Transition is a change of Suspected.
type Transition struct {
	AtMillis  int64
	Suspected bool
}

// Test is one of the two tests of the rule.
type Test uint8

// The two tests.
const (
	DwellTest Test = iota
	AssociationTest
	tests
)

func (t Test) String() string {
	if t == AssociationTest {
		return CheckSlowBucket
	}
	return CheckDwellTime
}

type target struct {
	at      int64 // right end of its newest interval
	index   int64 // block of that interval
	counted bool  // whether errors of that interval are known
	errors  int64 // in that interval
	links   [links]openLink
}

// A block is eight scrape intervals of absolute time.
type block struct {
	index int64
	tally
}

// NewAccount returns an empty account.
func NewAccount(options AccountOptions) (*Account, error) {
	if err := options.valid(); err != nil {
		return nil, err
	}
	return &Account{options: options, targets: make(map[int32]*target)}, nil
}

func (o AccountOptions) valid() error {
	if o.DeltaMillis <= 0 || o.DeltaMillis > maxDeltaMillis {
		return fmt.Errorf("account of a scrape interval of %d ms: must be positive and at most an hour", o.DeltaMillis)
	}
	if o.Fingerprint.Lo < 0 || o.Fingerprint.Hi < o.Fingerprint.Lo {
		return fmt.Errorf("account of the fingerprint [%v, %v]: must be an interval of positive lags", o.Fingerprint.Lo, o.Fingerprint.Hi)
	}
	return nil
}

// Errors of Add.
var (
	ErrLate      = errors.New("it is not after the watermark and all that its target had")
	ErrIrregular = errors.New("its intervals are not regular ones of the account's scrape interval")
	ErrCounts    = errors.New("counts must not be negative")
)

// Add adds a stretch. Stretches of one target must come in order, those of different targets in any,
// all of them after the watermark. A stretch that is refused changes nothing.
func (a *Account) Add(s Stretch) error {
	t := a.targets[s.Target]
	if err := a.check(t, s); err != nil {
		return fmt.Errorf("stretch (%d, %d] of target %d: %w", s.LeftMillis, s.AtMillis, s.Target, err)
	}
	if t == nil {
		t = &target{}
		a.targets[s.Target] = t
	}
	step := (s.AtMillis - s.LeftMillis) / int64(s.Intervals)
	if t.at != s.LeftMillis {
		t.part() // a gap: the interval before is not a neighbour
	}
	for at := s.LeftMillis + step; at <= s.AtMillis; {
		index := floorDiv(at, a.blockMillis())
		within := min(a.blockEnd(index)-1, s.AtMillis)
		count := (within-at)/step + 1
		a.intervals(t, s, index, count)
		at += count * step
	}
	t.at = s.AtMillis
	return nil
}

func (a *Account) check(t *target, s Stretch) error {
	if min(s.Errors, s.Failures, s.Timeouts, s.Pending) < 0 {
		return ErrCounts
	}
	length := s.AtMillis - s.LeftMillis
	if s.Intervals <= 0 || length <= 0 || length%int64(s.Intervals) != 0 {
		return ErrIrregular
	}
	step := length / int64(s.Intervals)
	if off := step - a.options.DeltaMillis; 4*max(off, -off) > a.options.DeltaMillis {
		return ErrIrregular
	}
	if a.started && s.LeftMillis+step <= a.watermark || t != nil && s.LeftMillis < t.at {
		return ErrLate
	}
	return nil
}

// intervals adds count intervals of a stretch that lie in one block.
func (a *Account) intervals(t *target, s Stretch, index, count int64) {
	errs := min(s.Errors, maxCount)
	for k := range links {
		t.links[k].late(t.errors > 0, s.links(k))
	}
	if t.index != index {
		a.closeStrata(t)
		t.index = index
	}
	b := a.block(index)
	for k := range links {
		t.links[k].add(int(count), errs > 0, s.links(k))
	}
	if s.knows(KnownErrors) {
		var before *int64
		if t.counted {
			before = &t.errors
		}
		b.counts.run(errs, count, before)
	}
	b.addConnects(s, count)
	t.counted, t.errors = s.knows(KnownErrors), errs
}

// block returns the block of an index. The pointer is good until the next call.
func (a *Account) block(index int64) *block {
	if n := len(a.blocks); n > 0 && a.blocks[n-1].index == index {
		return &a.blocks[n-1]
	}
	i, found := slices.BinarySearchFunc(a.blocks, index, func(b block, index int64) int { return cmp.Compare(b.index, index) })
	if !found {
		a.blocks = slices.Insert(a.blocks, i, block{index: index})
	}
	return &a.blocks[i]
}

func (a *Account) blockMillis() int64         { return blockIntervals * a.options.DeltaMillis }
func (a *Account) blockEnd(index int64) int64 { return (index + 1) * a.blockMillis() }
func (a *Account) dayOf(index int64) int64    { return floorDiv(index*a.blockMillis(), dayMillis) }

// settleMillis is when a block can change no more: its last interval ends before the end of the
// block, and the next one, which may tell of slow requests late, at most 5/4 intervals later.
func (a *Account) settleMillis(index int64) int64 { return a.blockEnd(index) + 2*a.options.DeltaMillis }

func floorDiv(x, y int64) int64 {
	q := x / y
	if x%y < 0 {
		q--
	}
	return q
}
