package estimate

import "slices"

// EBH returns the indices, in order, of the e-values that the e-BH procedure selects at level alpha
// among tests hypotheses (Wang and Ramdas, "False discovery rate control with e-values", 2022): the k
// largest, for the largest k whose smallest one is at least tests/(alpha·k). It is for lists at one
// look; the false discovery rate is at most alpha under any dependence.
func EBH(eValues []float64, alpha float64, tests int) []int {
	order := make([]int, len(eValues))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case eValues[a] > eValues[b]:
			return -1
		case eValues[a] < eValues[b]:
			return 1
		}
		return 0
	})
	selected := 0
	for r, i := range order {
		if k := r + 1; alpha > 0 && eValues[i] >= float64(tests)/(alpha*float64(k)) {
			selected = k
		}
	}
	order = order[:selected]
	slices.Sort(order)
	return order
}
