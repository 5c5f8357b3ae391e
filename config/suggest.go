package config

import (
	"slices"
	"strings"
)

// suggest returns what to do about the unknown name: the known one that is nearest, or all of them.
func suggest(name string, known []string) string {
	best, distance := "", 1+len(name)/3
	for _, candidate := range known {
		if d := editDistance(strings.ToLower(name), candidate); d <= distance {
			best, distance = candidate, d-1
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	sorted := slices.Sorted(slices.Values(known))
	return "remove it, or use one of " + strings.Join(slices.Compact(sorted), ", ")
}

// editDistance is the Levenshtein distance: the least number of bytes to insert, delete or replace
// to get from a to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
