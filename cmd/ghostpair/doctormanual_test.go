package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/internal/goldens"
	"github.com/ghostpair/ghostpair/simulate"
)

// TestManualsOfSurveys runs the examples of the pages on doctor and preflight and compares what comes out
// with what they show.
func TestManualsOfSurveys(t *testing.T) {
	server := newFakeSurveyed(t, scraped(simulate.Grid{Interval: 15 * time.Second}), envoys(t, []string{shopCheckout, shopCart}, pod0, pod1)...)
	server.gauges = append(server.gauges, gauges(t, cluster)...)
	dir := t.TempDir()
	for name, file := range map[string]string{"group.json": "target-groups.json", "attributes.json": "attributes.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	docs, err := filepath.Abs("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, page := range []string{"doctor.md", "preflight.md"} {
		text, err := os.ReadFile(filepath.Join(docs, page))
		if err != nil {
			t.Fatal(err)
		}
		blocks := 0
		got := consoleBlock.ReplaceAllStringFunc(string(text), func(block string) string {
			blocks++
			return "```console\n" + session(consoleBlock.FindStringSubmatch(block)[1], server.URL) + "```"
		})
		if blocks == 0 {
			t.Errorf("%s has no example", page)
		}
		goldens.Check(t, filepath.Join(docs, page), got, *update)
	}
}
