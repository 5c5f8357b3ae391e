package chart

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// No line is wider than asked for, but one that is a single word; nothing is lost, and no line could take
// the first word of the next.
func FuzzFold(f *testing.F) {
	f.Add("a text that has to be broken", 10)
	f.Add("", 0)
	f.Add("ünïcode – averyveryverylongword  x", 7)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		columns = min(max(columns, -1), 1000)
		lines := Fold(text, columns)
		if got, want := strings.Join(strings.Fields(strings.Join(lines, " ")), " "), strings.Join(strings.Fields(text), " "); got != want {
			t.Errorf("%q became %q", want, got)
		}
		for i, line := range lines {
			if utf8.RuneCountInString(line) > columns && len(strings.Fields(line)) > 1 {
				t.Errorf("%q has more than %d columns", line, columns)
			}
			if i > 0 {
				first := strings.Fields(line)[0]
				if utf8.RuneCountInString(lines[i-1])+1+utf8.RuneCountInString(first) <= columns {
					t.Errorf("%q is not on the line before, %q, of %d columns", first, lines[i-1], columns)
				}
			}
		}
	})
}
