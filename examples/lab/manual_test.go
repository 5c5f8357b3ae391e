package lab

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of the manual")

// The table of the manual is that of the scenarios, each row of which the lab holds a real Envoy to.
func TestManual(t *testing.T) {
	t.Parallel()
	const path, begin, end = moduleRoot + "/docs/diagnosis.md", "<!-- lab -->\n", "<!-- end of lab -->\n"
	manual, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(manual), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no markers %q and %q", path, begin, end)
	}
	want := head + begin + table() + end + tail
	switch {
	case want == string(manual):
	case *update:
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date (-update rewrites its table)", path)
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| what is wrong | grows with each error | 5xx at 1 s | connect timeouts at 1 s | 5xx at 15 s | first cause | named as well |\n|---|---|---|---|---|---|---|\n")
	for _, s := range scenarios() {
		if s.Name == healthy {
			continue
		}
		if s.unseen {
			fmt.Fprintf(&b, "| %s | nothing of the cluster | none | none | none | | |\n", s.fault)
			continue
		}
		connects := "none"
		if s.grows[connectTimeouts] > 0 {
			connects = fine(s.pairedConnects)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", s.fault, growth(s), fine(s.pairedErrors), connects, coarse(s), list(s.causes, "no claim"), list(s.alsoNamed, ""))
	}
	return b.String()
}

func fine(paired bool) string {
	if paired {
		return "`paired`"
	}
	return "`undecided`"
}

func coarse(s scenario) string {
	switch {
	case s.suspected:
		return "`suspected`"
	case s.maybe:
		return "`undecided` or `suspected`"
	}
	return "`undecided`"
}

// growth lists counters in the order of watched.
func growth(s scenario) string {
	var all []string
	for _, name := range watched {
		if n := s.grows[name]; n > 0 {
			all = append(all, fmt.Sprintf("`%s` +%d", name, n))
		}
	}
	return strings.Join(all, ", ")
}

func list(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
