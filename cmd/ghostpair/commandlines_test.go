package main

import (
	"regexp"
	"strings"
	"testing"
)

// Every command line of ghostpair in a block of a page is one that the program takes: the command and
// the flags are there, and their values are of the right kind.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```$")
	lines := 0
	for _, page := range pages(t) {
		for _, m := range block.FindAllStringSubmatch(fileText(t, page), -1) {
			for line := range strings.Lines(strings.ReplaceAll(m[2], "\\\n", " ")) {
				if shown := m[1] == "console" || m[1] == ""; shown && !strings.HasPrefix(line, "$ ") || !shown && m[1] != "sh" {
					continue // what a command printed, or no shell
				}
				for _, args := range ownCommands(line) {
					lines++
					parsable(t, page, args)
				}
			}
		}
	}
	if lines < 25 {
		t.Errorf("only %d command lines were found", lines)
	}
}

// ownCommands are the arguments of each ghostpair that a line of a shell runs.
func ownCommands(line string) [][]string {
	line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "$ "), " #")
	var all [][]string
	var current []string
	own, start := false, true
	word := regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`)
	for _, w := range append(word.FindAllString(line, -1), ";") {
		w, ended := strings.CutSuffix(w, ";")
		switch {
		case w == "|" || w == ">" || w == "&&" || w == "":
			if own {
				all = append(all, current)
			}
			own, start, current = false, w != ">", nil
			continue
		case start && (w == "{" || strings.Contains(w, "=") && !strings.Contains(w, "/")):
			continue
		case start:
			own, start = w == "ghostpair" || strings.HasSuffix(w, "/ghostpair"), false
		case own:
			current = append(current, strings.NewReplacer("'", "", `"`, "").Replace(w))
		}
		if ended {
			if own {
				all = append(all, current)
			}
			own, start, current = false, true, nil
		}
	}
	return all
}
