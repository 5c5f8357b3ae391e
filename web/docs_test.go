package web

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// docs/api.md has a row for every endpoint, and none for one that is not there.
func TestEndpointsAreDocumented(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `/?[A-Z].*? \\|").FindAll(manual, -1) {
		for _, endpoint := range regexp.MustCompile("`([A-Z]+ /[^`]*)`").FindAllSubmatch(row, -1) {
			documented[string(endpoint[1])] = true
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`mux\.Handle(?:Func)?\("([A-Z]+ /[^"]*)"`).FindAllSubmatch(source, -1) {
			served[string(bytes.Replace(m[1], []byte("{$}"), nil, 1))] = true
		}
	}
	for endpoint := range served {
		if !documented[endpoint] {
			t.Errorf("docs/api.md lacks %s", endpoint)
		}
	}
	for endpoint := range documented {
		if !served[endpoint] {
			t.Errorf("docs/api.md documents %s, which is not served", endpoint)
		}
	}
	if len(served) < 15 {
		t.Errorf("%d endpoints are found in the source, want all", len(served))
	}
}

// The job in the manual has all members that a job has, and no others.
func TestJobOfTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```json\n(\\{\n  \"id\".*?)```").FindSubmatch(manual)
	if block == nil {
		t.Fatal("docs/api.md shows no job")
	}
	decoder := json.NewDecoder(bytes.NewReader(block[1]))
	decoder.DisallowUnknownFields()
	var job BackfillJob
	if err := decoder.Decode(&job); err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, block[1]); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(job); err != nil || string(got) != want.String() {
		t.Errorf("a job is written as\n%s, %v; the manual has\n%s", got, err, want.String())
	}
}
