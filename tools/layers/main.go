// Command layers proves the import rules of the module in the working directory: core packages
// depend on the standard library, gonum and other core packages only, and do neither I/O nor
// read clocks; edge packages never depend on one another.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const module = "github.com/ghostpair/ghostpair"

// core and edge are the top-level packages of each layer; their sub-packages belong to them.
var (
	core = []string{"finding", "detector", "slo", "diagnosis", "simulate"}
	pure = []string{"chart"}
	base = []string{"durable"} // what the edge packages share: the standard library only
	edge = []string{"config", "sources", "engine", "alert", "web", "report", "jobs", "survey"}

	// drawing is what gonum/plot brings: fonts, and the formats that it can write.
	drawing = []string{
		"gonum.org/v1/plot", "codeberg.org/go-fonts/", "codeberg.org/go-latex/", "codeberg.org/go-pdf/", "git.sr.ht/~sbinet/gg",
		"github.com/ajstarks/svgo", "github.com/golang/freetype", "golang.org/x/image", "golang.org/x/text",
	}

	// impure are standard packages that a core package may not import itself.
	impure = []string{"net", "net/http", "os", "os/exec", "os/signal", "log", "log/slog", "syscall"}
)

// A listed package is its path and name, its direct imports and all that it depends on.
type listed struct {
	path, name    string
	imports, deps []string
}

func main() {
	packages, err := list()
	if err != nil {
		fmt.Fprintln(os.Stderr, "layers:", err)
		os.Exit(1)
	}
	var problems []error
	for _, p := range packages {
		problems = append(problems, check(p)...)
	}
	if err := errors.Join(problems...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("layers: %d packages keep the import rules\n", len(packages))
}

// list asks the go command for the packages of the module and their dependencies.
func list() ([]listed, error) {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{.Name}}|{{join .Imports " "}}|{{join .Deps " "}}`, "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list ./...: %w", err)
	}
	return parse(strings.NewReader(string(out)))
}

func parse(r io.Reader) ([]listed, error) {
	var all []listed
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "|")
		if len(fields) != 4 {
			return nil, fmt.Errorf("go list: line %q: want four fields", lines.Text())
		}
		all = append(all, listed{fields[0], fields[1], strings.Fields(fields[2]), strings.Fields(fields[3])})
	}
	return all, lines.Err()
}

func check(p listed) []error {
	own := layerOf(p.path)
	var problems []error
	for _, dep := range p.deps {
		if reason := forbidden(p.path, own, dep); reason != "" {
			problems = append(problems, fmt.Errorf("layers: %s depends on %s: %s", p.path, dep, reason))
		}
	}
	if (own == "core" || own == "pure") && p.name != "main" { // a generator may write files
		for _, imported := range p.imports {
			if slices.Contains(impure, imported) {
				problems = append(problems, fmt.Errorf("layers: %s imports %s: a %s package does no I/O", p.path, imported, own))
			}
		}
	}
	return problems
}

// forbidden says why a package of layer own may not depend on dep, or "".
func forbidden(path, own, dep string) string {
	other := layerOf(dep)
	switch own {
	case "core":
		if other == "third party" || draws(dep) || other == "edge" || other == "base" || other == "pure" || other == "cmd" {
			return "a core package may depend on the standard library, gonum and core packages only"
		}
	case "pure":
		if other == "third party" && !draws(dep) || other == "edge" || other == "cmd" {
			return "chart may depend on the standard library, gonum, what gonum/plot needs, and core packages only"
		}
	case "base":
		if other != "std" {
			return "it may depend on the standard library only"
		}
	case "edge":
		if other == "cmd" || other == "edge" && top(path) != top(dep) {
			return "edge packages never depend on one another: cmd joins them"
		}
	}
	return ""
}

// draws tells whether a package belongs to gonum/plot or to what it needs.
func draws(path string) bool {
	return slices.ContainsFunc(drawing, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// layerOf names the layer of an import path: core, pure, base, edge, cmd, gonum, std or third party.
func layerOf(path string) string {
	if inside, ok := strings.CutPrefix(path, module+"/"); ok {
		switch name, _, _ := strings.Cut(inside, "/"); {
		case slices.Contains(core, name):
			return "core"
		case slices.Contains(pure, name):
			return "pure"
		case slices.Contains(base, name):
			return "base"
		case slices.Contains(edge, name):
			return "edge"
		default:
			return "cmd"
		}
	}
	switch first, _, _ := strings.Cut(path, "/"); {
	case strings.HasPrefix(path, "gonum.org/v1/"), path == "gonum.org/v1/gonum":
		return "gonum"
	case strings.Contains(first, "."):
		return "third party"
	default:
		return "std"
	}
}

// top returns the first element of path inside the module.
func top(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, module+"/"), "/")
	return name
}
