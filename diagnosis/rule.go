package diagnosis

import "github.com/ghostpair/ghostpair/detector/score"

// silentDrop is the share of timeouts among failed connects above which connects are dropped in
// silence; below it they are mostly refused.
const silentDrop = 0.5

// TimeoutShare returns the share of timeouts among failed connects. It is not ok without failures.
func TimeoutShare(failures, timeouts int64) (Share, bool) { return shareOf(timeouts, failures) }

// Alpha returns the level at which each of the two tests of a route is used up in one UTC day, so
// that over routes tested for 30 days at most falseSuspicionsPerMonth are suspected wrongly: a union
// bound over routes, days and the two tests. Routes counts every account, so a route that is tested
// for two fingerprints counts twice.
func Alpha(falseSuspicionsPerMonth float64, routes int) float64 {
	const tests, days = 2, 30
	return falseSuspicionsPerMonth / (tests * days * float64(max(routes, 1)))
}

// Evidence is what coarse scrapes say about one route. What is nil could not be measured.
type Evidence struct {
	Dwell        *Dwell
	Association  *Association
	Upstream     *Association // with completed responses of the upstream: for display
	TimeoutShare *Share
	CountPairing *CountPairing
}

// Suspected tells whether at least one of the two tests passes at level alpha while nothing
// contradicts: the wait of failed connects, where known, must be able to be the fingerprint's, and
// most of them, where known, must be timeouts.
func (e Evidence) Suspected(alpha float64, fingerprint score.Fingerprint) bool {
	dwell := e.Dwell != nil && e.Dwell.PValue <= alpha
	association := e.Association != nil && e.Association.PValue <= alpha
	return (dwell || association) && !e.contradicts(fingerprint)
}

func (e Evidence) contradicts(fingerprint score.Fingerprint) bool {
	return e.Dwell != nil && !e.Dwell.Meets(fingerprint.Seconds()) ||
		e.TimeoutShare != nil && e.TimeoutShare.Lower <= silentDrop
}
