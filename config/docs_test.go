package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// docs/configuration.md names every key.
func TestKeysAreDocumented(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	var check func(structure reflect.Type)
	check = func(structure reflect.Type) {
		for key, value := range yamlKeys(structure) {
			keys++
			if !strings.Contains(string(manual), "`"+key+"`") && !strings.Contains(string(manual), "\n## "+key+"\n") {
				t.Errorf("docs/configuration.md does not name %s", key)
			}
			for value.Kind() == reflect.Pointer || value.Kind() == reflect.Slice {
				value = value.Elem()
			}
			if value.PkgPath() == structure.PkgPath() { // not into the types of Prometheus
				check(value)
			}
		}
	}
	check(reflect.TypeFor[fileConfig]())
	if keys < 40 {
		t.Errorf("only %d keys found", keys)
	}
}

// Every piece of configuration in the manual can be read.
func TestManualExamples(t *testing.T) {
	t.Parallel()
	examples := 0
	for _, path := range []string{"../docs/configuration.md", "../docs/runbook.md"} {
		manual, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(manual, -1) {
			if text := string(block[1]); strings.HasPrefix(text, "scrape_configs:") || strings.HasPrefix(text, "route:") {
				continue // of Prometheus and of Alertmanager
			}
			examples++
			if _, err := Parse(path, block[1]); err != nil {
				t.Errorf("%v in\n%s", err, block[1])
			}
		}
	}
	if examples != 9 {
		t.Errorf("%d examples, want 9", examples)
	}
}
