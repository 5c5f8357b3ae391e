package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/report"
)

// reportJSON is what the program prints about a stretch of time.
func reportJSON(t *testing.T, server *promtest.Server, from, to time.Time) string {
	t.Helper()
	stretch := from.UTC().Format(time.RFC3339) + ".." + to.UTC().Format(time.RFC3339)
	done := ghostpair(t, "report", "--prometheus.url="+server.URL(), "--range="+stretch, "--output=json", "--log.level=error")
	if done.code != 0 {
		t.Fatalf("exit code %d\n%s", done.code, done.stderr)
	}
	return done.stdout
}

// Real reports are as docs/report.schema.json says: with pairs, and with suspicions and their causes.
func TestReportsFitTheSchema(t *testing.T) {
	t.Parallel()
	from := start.Add(time.Hour).Truncate(report.SlotLength).UTC()
	to := from.Add(8 * time.Hour)
	fine := servedWithRequests(t, fleet(), to.Add(10*time.Minute))
	paired := reportJSON(t, fine, from, to)
	valid(t, reportSchema, paired)
	if !strings.Contains(paired, `"verdict": "paired"`) {
		t.Error("a report without pairs is no test")
	}

	end := time.UnixMilli(coarsetest.Start).Add(16 * time.Hour)
	text := reportJSON(t, scrapedCoarsely(t, end.Add(10*time.Minute)), time.UnixMilli(coarsetest.Start), end)
	valid(t, reportSchema, text)
	var r report.Report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Routes, func(route report.Route) bool {
		return slices.ContainsFunc(route.Verdicts, func(j report.Judgment) bool {
			return j.Verdict == finding.Suspected && len(j.Causes) > 0 && len(j.Checks) > 0
		})
	}) {
		t.Error("a report without a suspicion and its causes is no test")
	}
	if n := len(r.Steps); n == 0 || r.Steps[0].Anchor != "reading-causes" {
		t.Errorf("steps of a suspicion with causes: %+v", r.Steps)
	}
	// The schema is not one that takes anything.
	if broken := strings.Replace(text, `"score": `, `"score": 0.5, "points": `, 1); validate(t, reportSchema, broken) == nil {
		t.Error("a cause with half a point fits the schema")
	}
}
