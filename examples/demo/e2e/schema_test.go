package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schemas, and parts of them.
const (
	documentSchema = "findings.schema.json"
	findingSchema  = "findings.schema.json#/$defs/finding"
	reportSchema   = "report.schema.json"
)

// valid fails the test where a text is not as the schema says.
func valid(t *testing.T, schema, text string) {
	t.Helper()
	if err := validate(t, schema, text); err != nil {
		t.Errorf("%v", err)
	}
}

func validate(t *testing.T, name, text string) error {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(document)
}

// Real output is as docs/findings.schema.json says.
func TestOutputFitsTheSchema(t *testing.T) {
	t.Parallel()
	end := start.Add(30 * time.Hour)
	server := served(t, fleet(), end, promtest.Options{})
	whole := ghostpair(t, backfillOf(server.URL(), end, "--output=json")...)
	if whole.code != 0 {
		t.Fatalf("exit code %d: %s", whole.code, whole.stderr)
	}
	valid(t, documentSchema, whole.stdout)
	for _, end := range []time.Time{start.Add(10 * time.Second), start.Add(20 * time.Minute), start.Add(2 * time.Hour)} {
		valid(t, documentSchema, ghostpair(t, backfillOf(server.URL(), end, "--output=json")...).stdout)
	}
	lines := ghostpair(t, backfillOf(server.URL(), end, "--output=jsonl")...).stdout
	n := 0
	for line := range strings.Lines(lines) {
		valid(t, findingSchema, line)
		n++
	}
	if n < 8 {
		t.Errorf("%d findings are no test", n)
	}
	// The schema is not one that takes anything.
	var document map[string]any
	if err := json.Unmarshal([]byte(whole.stdout), &document); err != nil {
		t.Fatal(err)
	}
	document["findings"].([]any)[0].(map[string]any)["verdict"] = "maybe"
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if validate(t, documentSchema, string(text)) == nil {
		t.Error("a verdict that there is not fits the schema")
	}
}
