package estimate

// LabelInput is what the labels of a paired stream are computed from.
type LabelInput struct {
	Histogram []int // LongBins long
	Shape     Shape
	Estimate  Estimate

	SteppedShare float64 // see SteppedShare

	// Latency tells that a latency histogram of the downstream side is read. Then Mates is the number
	// of cell pairs in the hot bins, and Slow those of them whose later cell has slow requests beside.
	Latency     bool
	Mates, Slow int
}

// Labels returns the labels, in the order of the constants of package finding.
func Labels(in LabelInput) []string { return nil }
