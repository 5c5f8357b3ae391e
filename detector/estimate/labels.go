package estimate

import "github.com/ghostpair/ghostpair/finding"

const (
	lagSlack     = 0.1  // seconds by which the lag's interval must miss the fingerprint
	scanEdge     = 0.01 // seconds from the ends of the scan at which the lag is no estimate
	steppedShare = 0.5  // share of the cells on stepped targets
)

// LabelInput is what the labels of a paired stream are computed from.
type LabelInput struct {
	Histogram []int // LongBins long
	Shape     Shape
	Estimate  Estimate

	SteppedShare float64 // see the function SteppedShare
}

// Labels returns the labels of a paired stream, in the order of the constants of package finding:
// what else has this lag. They are one-look heuristics and change no verdict; finding.LookAlike tells
// which of them route an alert. LabelWidespread is for the pooled stream and not among them, and neither is
// LabelFast, which takes more than counters of errors: see Fast.
func Labels(in LabelInput) []string {
	var labels []string
	add := func(label string, holds bool) {
		if holds {
			labels = append(labels, label)
		}
	}
	train, _ := TrainShare(in.Histogram, in.Shape, in.Estimate)
	half, _ := HalfStep(in.Histogram, in.Shape.DeltaMillis, in.Estimate)
	chain, testable := Chain(in.Histogram, in.Shape, in.Estimate.Lag)

	add(finding.LabelLagOutside, lagOutside(in.Shape, in.Estimate))
	add(finding.LabelTrain, train.Train)
	add(finding.LabelStepped, in.SteppedShare >= steppedShare)
	add(finding.LabelHalfStep, half.Half)
	add(finding.LabelChain, testable && !train.Train && chain.PValue < labelLevel)
	return labels
}

// lagOutside tells whether the interval of the lag misses the fingerprint. At the ends of the scan
// the estimate is none.
func lagOutside(s Shape, e Estimate) bool {
	lo, hi := s.Fingerprint.Seconds()
	if e.LagLower <= lo-scanBefore+scanEdge || e.LagUpper >= hi+scanAfter-scanEdge {
		return false
	}
	return e.LagUpper < lo-lagSlack || e.LagLower > hi+lagSlack
}
