package finding

import (
	"cmp"
	"fmt"
	"slices"
)

// Verdict is the answer about one route and fingerprint. The zero value is Undecided.
type Verdict uint8

// The four verdicts.
const (
	Undecided Verdict = iota // cannot tell, with reasons and advice
	Clear                    // pairs are surely a small share of the errors
	Suspected                // coarse evidence only
	Paired                   // proven at the stated false-alarm budget
)

// Verdicts lists all verdicts, in the order of the constants.
func Verdicts() []Verdict { return []Verdict{Undecided, Clear, Suspected, Paired} }

// String returns the name that metrics and JSON carry.
func (v Verdict) String() string {
	switch v {
	case Clear:
		return "clear"
	case Suspected:
		return "suspected"
	case Paired:
		return "paired"
	default:
		return "undecided"
	}
}

// ParseVerdict is the inverse of String.
func ParseVerdict(name string) (Verdict, error) {
	for _, v := range Verdicts() {
		if v.String() == name {
			return v, nil
		}
	}
	return Undecided, fmt.Errorf("verdict %q: must be one of undecided, clear, suspected, paired", name)
}

// MarshalText writes the name of v.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the name of a verdict.
func (v *Verdict) UnmarshalText(text []byte) (err error) {
	*v, err = ParseVerdict(string(text))
	return err
}

// Reasons why a route is undecided, in the order in which they are listed.
const (
	ReasonNoData           = "no-data"            // no covered target in the look-back
	ReasonLagNotResolvable = "lag-not-resolvable" // scrapes too coarse for the fingerprint
	ReasonGaps             = "gaps"               // less than 80 % of the target-time covered
	ReasonTooFewErrors     = "too-few-errors"     // fewer errors than any verdict needs
	ReasonTooManyErrors    = "too-many-errors"    // errors in more than 30 % of the scrape intervals
	ReasonInconclusive     = "inconclusive"       // enough data, but neither proven nor excluded
)

// Labels of paired findings.
const (
	LabelLagOutside = "lag-outside" // the lag is surely not the fingerprint's
	LabelTrain      = "train"       // errors recur many times at the lag: a periodic probe
	LabelStepped    = "stepped"     // the counter itself is copied on a clock
	LabelHalfStep   = "half-step"   // retries at half the lag
	LabelFast       = "fast"        // the errors took no time: not a timeout
	LabelChain      = "chain"       // three or more in a row; information only
	LabelWidespread = "widespread"  // pooled stream: carried by many routes; information only
)

// labels lists the labels in the order in which findings have them.
func labels() []string {
	return []string{LabelLagOutside, LabelTrain, LabelStepped, LabelHalfStep, LabelFast, LabelChain, LabelWidespread}
}

// WithLabel returns labels, which are in the order of the constants, and one more in its place.
func WithLabel(all []string, label string) []string {
	order := labels()
	rank := func(label string) int { return slices.Index(order, label) }
	at, found := slices.BinarySearchFunc(all, label, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	if found {
		return all
	}
	return slices.Insert(slices.Clone(all), at, label)
}

// LookAlike tells whether label routes an alert to the look-alike rule instead of the page.
func LookAlike(label string) bool {
	switch label {
	case LabelLagOutside, LabelTrain, LabelStepped, LabelHalfStep, LabelFast:
		return true
	}
	return false
}
