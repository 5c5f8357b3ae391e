package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const openSLOHead = `apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout, displayName: Checkout}
spec:
  service: checkout
  indicator: {metadata: {name: good}, spec: {ratioMetric: {counter: true}}}
  budgetingMethod: Occurrences
  timeWindow: [{duration: 4w, isRolling: true}]
  objectives: [{displayName: good, target: 0.995}]
`

func openSLOOf(t *testing.T, text string) ([]Objective, []string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "slo.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return LoadOpenSLO(path)
}

func TestOpenSLO(t *testing.T) {
	t.Parallel()
	annotated := strings.Replace(openSLOHead, "name: checkout,", `name: pay, annotations: {ghostpair.io/route: "httproute/pay/.*"},`, 1)
	service := "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: checkout}\n"
	got, left, err := openSLOOf(t, service+"---\n"+openSLOHead+"---\n"+strings.Replace(annotated, "target: 0.995", "targetPercent: 99", 1))
	if err != nil || len(left) != 0 || len(got) != 2 {
		t.Fatalf("%v, left %q, %v", got, left, err)
	}
	if want := (Objective{Route: "(.*/)?checkout(/.*)?", Target: 0.995, Window: 28 * 24 * time.Hour}); got[0] != want {
		t.Errorf("%+v, want %+v", got[0], want)
	}
	if got[1].Route != "httproute/pay/.*" || got[1].Target != 0.99 {
		t.Errorf("%+v, want that of the annotation", got[1])
	}
	service5 := regexp.MustCompile("^(?s:" + got[0].Route + ")$")
	for route, want := range map[string]bool{"httproute/shop/checkout/rule/0": true, "checkout": true, "httproute/shop/checkout-v2/rule/0": false} {
		if service5.MatchString(route) != want {
			t.Errorf("%s is of the service: %t, want %t", route, !want, want)
		}
	}
}

// What does not fit is left out, and said.
func TestOpenSLOThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for change, why := range map[string]string{
		"openslo/v1=>openslo/v2":                 "openslo/v1",
		"ratioMetric: {=>thresholdMetric: {":     "latency",
		"Occurrences=>Timeslices":                "Timeslices",
		"isRolling: true=>isRolling: false":      "calendar",
		"4w=>1M":                                 `"1M"`,
		"4w=>999999999999w":                      "366d",
		"0.995=>1.5":                             "at most 1",
		"0.995=>0":                               "above 0",
		"service: checkout=>service: \"\"":       "neither",
		"target: 0.995=>target: 0.9, value: 300": "latency",
	} {
		from, to, _ := strings.Cut(change, "=>")
		got, left, err := openSLOOf(t, openSLOHead+"---\n"+strings.Replace(openSLOHead, from, to, 1))
		if err != nil || len(got) != 1 || len(left) != 1 || !strings.Contains(left[0], why) {
			t.Errorf("%s: %v, left %q, %v; want one left because of %q", change, got, left, err, why)
		}
		if _, _, err := openSLOOf(t, strings.Replace(openSLOHead, from, to, 1)); err == nil {
			t.Errorf("%s: nothing fits, and that is no error", change)
		}
	}
	if _, _, err := LoadOpenSLO(filepath.Join(t.TempDir(), "*.yaml")); err == nil {
		t.Error("no file is no error")
	}
	if _, _, err := openSLOOf(t, "kind: [\n"); err == nil {
		t.Error("broken YAML is no error")
	}
}
