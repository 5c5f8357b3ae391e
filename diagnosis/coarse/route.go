package coarse

import (
	"cmp"
	"slices"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis"
)

// minDeltaMillis is the shortest scrape interval of an account. Below it latency, which Envoy copies
// up to 5 s late, is more than one scrape behind, and waits of 5 s are longer than the interval.
const minDeltaMillis = 5000

// never is a level that no p-value reaches, not even one that is too small for a number.
const never = -1

// maxTransitions bounds the history of an account that is kept.
const maxTransitions = 64

// route is what is remembered of one route.
type route struct {
	Since    int64       // samples before it do not count
	Last     int64       // newest sample of a companion
	Days     []day       // the newest two, in order
	Accounts [][]account // by fingerprint, then by scrape interval
	// Shown are accounts of scrapes that are finer than their interval, by fingerprint: nothing is suspected by
	// them, as the lag itself can be seen there.
	Shown [][]account
}

// account is an account of package diagnosis with what happened to it.
type account struct {
	DeltaMillis int64
	Born        int64 // when the first error or failed connect was counted; 0: never
	Last        int64 // end of the newest interval
	History     []diagnosis.Transition
	State       []byte // of the account, while it is marshalled

	*diagnosis.Account `json:"-"`
}

// day is what happened in one UTC day.
type day struct {
	Number        int64
	CoveredMillis int64 // over all targets
	Grown         growths
	Seen          roleSet // that were known
	Present       roleSet // that the route had itself
	Absent        roleSet // that the route had not, where other routes had and zeros are shown
	Hours, Error  uint32  // that were covered, and with errors
	SlowKnown     uint64  // fingerprints
	Slow          []int64 `json:",omitempty"` // by fingerprint: requests of the proxies that took about the timeout
}

func newRoute(fingerprints int) *route {
	return &route{Accounts: make([][]account, fingerprints), Shown: make([][]account, fingerprints)}
}

// day returns the UTC day of a time. The pointer is good until the next call.
func (r *route) day(atMillis int64) *day {
	number := atMillis / dayMillis
	at, found := slices.BinarySearchFunc(r.Days, number, func(d day, n int64) int { return cmp.Compare(d.Number, n) })
	if !found {
		r.Days = slices.Insert(r.Days, at, day{Number: number})
	}
	return &r.Days[at]
}

// count adds what happened in a number of intervals of one class, the first of which ends at a time.
func (r *route) count(c class, atMillis int64, intervals int, x scene) {
	d := r.day(atMillis)
	d.Seen |= c.seen
	if x.connect.known != 0 {
		d.Seen |= 1 << roleLate
	}
	d.Present |= x.present
	if c.zeros {
		d.Absent |= c.seen &^ x.present
	}
	hour := uint32(1) << (c.hour % 24)
	if c.delta > 0 {
		d.Hours |= hour
		d.CoveredMillis += c.length * int64(intervals)
	}
	if x.grown[roleErrors] > 0 {
		d.Error |= hour
	}
	for i, n := range x.grown {
		d.Grown[i] += n
	}
}

// slow adds requests that took about the timeout of a fingerprint.
func (r *route) slow(atMillis int64, fingerprint int, known uint64, n int64) {
	d := r.day(atMillis)
	d.SlowKnown |= known
	if n > 0 {
		if d.Slow == nil {
			d.Slow = make([]int64, len(r.Accounts))
		}
		d.Slow[fingerprint] += n
	}
}

// accountOf returns the account of a scrape interval, of those of a fingerprint, for a stretch that begins at a time,
// and one that is given up for it: after so long nothing of it is left that could matter.
func accountOf(all *[]account, fp score.Fingerprint, deltaMillis, leftMillis int64) (now, before *account, err error) {
	list := *all
	at, found := slices.BinarySearchFunc(list, deltaMillis, func(a account, delta int64) int { return cmp.Compare(a.DeltaMillis, delta) })
	if found && leftMillis-list[at].Last <= keepAccountMillis {
		return &list[at], nil, nil
	}
	fresh, err := diagnosis.NewAccount(diagnosis.AccountOptions{DeltaMillis: deltaMillis, Fingerprint: fp})
	if err != nil {
		return nil, nil, err
	}
	if found {
		old := list[at]
		list[at] = account{DeltaMillis: deltaMillis, Account: fresh}
		return &list[at], &old, nil
	}
	*all = slices.Insert(list, at, account{DeltaMillis: deltaMillis, Account: fresh})
	return &(*all)[at], nil, nil
}

// add adds a stretch.
func (a *account) add(s diagnosis.Stretch) error {
	if err := a.Add(s); err != nil {
		return err
	}
	a.Last = max(a.Last, s.AtMillis)
	if s.Errors+s.Failures > 0 && (a.Born == 0 || s.AtMillis < a.Born) {
		a.Born = s.AtMillis
	}
	return nil
}

// settle advances the accounts.
func (r *route) settle(toMillis int64, levels *levels) {
	for f := range r.Accounts {
		for i := range r.Accounts[f] {
			a := &r.Accounts[f][i]
			a.History = append(a.History, a.Advance(toMillis, levels.of(a))...)
			if more := len(a.History) - maxTransitions; more > 0 {
				a.History = slices.Clone(a.History[more:])
			}
		}
	}
	for _, list := range r.Shown {
		for i := range list {
			list[i].Advance(toMillis, func(int64) float64 { return never })
		}
	}
	yesterday := (toMillis-1)/dayMillis - 1
	r.Days = slices.DeleteFunc(r.Days, func(d day) bool { return d.Number < yesterday })
}
