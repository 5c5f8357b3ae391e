package estimate

// EBH returns the indices selected by the e-BH procedure at level alpha among tests hypotheses.
func EBH(eValues []float64, alpha float64, tests int) []int { return nil }
