package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/internal/goldens"
)

const (
	manual     = "../../docs/commands.md"
	manualsURL = "http://localhost:9090" // what the manual calls the Prometheus of its examples
)

var (
	fileBlock    = regexp.MustCompile("(?ms)^```yaml\n# (\\S+\\.yml)\n(.*?)^```$")
	logLine      = regexp.MustCompile("(?m)^time=.*\n")
	consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
)

// TestManual runs every command of the manual, with the files that stand in it, against a simulated
// Prometheus, and compares what comes out with what the manual shows.
func TestManual(t *testing.T) {
	path, err := filepath.Abs(manual)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, m := range fileBlock.FindAllStringSubmatch(string(text), -1) {
		content := "# " + m[1] + "\n" + m[2] // as in the manual, so that lines are the same
		if err := os.WriteFile(m[1], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prometheus := newFakePrometheus(t, ghosts(history))
	blocks := 0
	got := consoleBlock.ReplaceAllStringFunc(string(text), func(block string) string {
		blocks++
		return "```console\n" + session(consoleBlock.FindStringSubmatch(block)[1], prometheus.URL) + "```"
	})
	if blocks < 3 {
		t.Fatalf("the manual has %d examples, want the three that it had", blocks)
	}
	goldens.Check(t, path, got, *update)
}

// session runs the commands of a block and returns it with what they gave.
func session(block, url string) string {
	var out strings.Builder
	code := 0
	for line := range strings.Lines(block) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		out.WriteString(line)
		args := strings.Fields(command)
		if args[0] == "echo" {
			fmt.Fprintln(&out, code)
			continue
		}
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], manualsURL, url)
		}
		var stdout, stderr string
		stdout, stderr, code = runCommand(args[1:]...)
		out.WriteString(strings.ReplaceAll(stdout+logLine.ReplaceAllString(stderr, ""), url, manualsURL))
	}
	return out.String()
}
