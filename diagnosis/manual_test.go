package diagnosis

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/internal/goldens"
)

// The tables of the manual are those of the catalogue and of the scenarios.
func TestManual(t *testing.T) {
	t.Parallel()
	const path = "../docs/diagnosis.md"
	manual, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var causes strings.Builder
	causes.WriteString("| cause | what it is | first step |\n|---|---|---|\n")
	for _, c := range Catalogue() {
		fmt.Fprintf(&causes, "| `%s` | [%s](%s) | %s |\n", c.Name, c.Title, c.Reference, c.First)
	}
	want := between(t, string(manual), "causes", causes.String())
	want = between(t, want, "scenarios", table())
	goldens.Check(t, path, want, *update)
}

// between replaces what stands between two markers.
func between(t *testing.T, text, name, by string) string {
	t.Helper()
	head, rest, found := strings.Cut(text, "<!-- "+name+" -->\n")
	_, tail, ended := strings.Cut(rest, "<!-- end of "+name+" -->\n")
	if !found || !ended {
		t.Fatalf("no markers of %s", name)
	}
	return head + "<!-- " + name + " -->\n" + by + "<!-- end of " + name + " -->\n" + tail
}
