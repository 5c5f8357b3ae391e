package survey

import (
	"fmt"

	"github.com/ghostpair/ghostpair/detector/score"
)

// Resolution is whether scrapes can show the lag of a fingerprint.
type Resolution struct {
	Fingerprint string `json:"fingerprint"`
	Resolvable  bool   `json:"resolvable"`                // when both errors of a pair hit one target
	Across      bool   `json:"resolvable_across_targets"` // also when they hit two
}

// resolver tells which fingerprints scrapes can show.
type resolver struct {
	fingerprints []score.Fingerprint
	tables       *score.Cache
}

// resolve answers for a scrape interval; 0 is one that is not known and shows nothing.
func (r *resolver) resolve(deltaMillis int64) ([]Resolution, error) {
	var out []Resolution
	for _, fp := range r.fingerprints {
		resolution := Resolution{Fingerprint: fp.Name}
		if deltaMillis > 0 {
			table, err := r.tables.Table(deltaMillis, fp)
			if err != nil {
				return nil, fmt.Errorf("fingerprint %s at a scrape interval of %d ms: %w", fp.Name, deltaMillis, err)
			}
			resolution.Resolvable, resolution.Across = table.Resolvable(), table.ResolvableAcross()
		}
		out = append(out, resolution)
	}
	return out, nil
}

// resolve answers for every job and route.
func (f *SourceFacts) resolve(r *resolver) (err error) {
	for i := range f.Jobs {
		job := &f.Jobs[i]
		if job.Fingerprints, err = r.resolve(int64(job.IntervalSeconds*1000 + 0.5)); err != nil {
			return err
		}
	}
	for i := range f.Routes {
		route := &f.Routes[i]
		f.Errors += route.Errors
		if route.Fingerprints, err = r.resolve(route.finest); err != nil {
			return err
		}
	}
	return nil
}

// resolvable tells whether any of the resolutions is.
func resolvable(all []Resolution, fingerprint string) bool {
	for _, r := range all {
		if r.Fingerprint == fingerprint && r.Resolvable {
			return true
		}
	}
	return false
}
