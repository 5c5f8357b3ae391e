package diagnosis

// What accounts add up piece by piece, of all intervals at once: the form in which the reference computes it.

// newAssociation compares the intervals of one target, in order. With late an interval counts as slow also when the
// next one is. It is not ok without errors, or when the lengths differ.
func newAssociation(errors, slow []bool, stratum int, late bool) (Association, bool) {
	if len(errors) != len(slow) || stratum <= 0 {
		return Association{}, false
	}
	var s strata
	var coincidences int64
	for from := 0; from < len(errors); from += stratum {
		to := min(from+stratum, len(errors))
		block := Stratum{Intervals: to - from}
		for i := from; i < to; i++ {
			isSlow := slow[i] || late && i+1 < len(slow) && slow[i+1]
			if errors[i] {
				block.Errors++
			}
			if isSlow {
				block.Slow++
			}
			if errors[i] && isSlow {
				coincidences++
			}
		}
		if block.Errors > 0 {
			s.add(block, 1)
		}
	}
	return s.associate(coincidences)
}

// countMoments returns the moments of counts of consecutive intervals.
func countMoments(counts []int64) Moments {
	var m Moments
	for i, c := range counts {
		if i == 0 {
			m.run(c, 1, nil)
			continue
		}
		before := min(counts[i-1], maxCount)
		m.run(c, 1, &before)
	}
	return m
}
