package chart

import (
	"strings"
	"unicode/utf8"
)

// Fold breaks text into lines at spaces, of at most that many columns. A word that is longer than a line
// gets one of its own. Of a text without words there is one empty line.
func Fold(text string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
