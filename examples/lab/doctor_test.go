package lab

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
)

// A checkup is what is read here of what `ghostpair doctor` finds.
type checkup struct {
	Worst   string
	Sources []struct {
		Name   string
		Errors float64
		Jobs   []struct {
			Job                   string
			Targets               int
			ScrapeIntervalSeconds float64 `json:"scrape_interval_seconds"`
		}
	}
	Checks []struct {
		Check    string
		Possible bool
	}
	Findings []struct{ Severity, Title, Remedy string }
}

// doctor looks at the lab's Prometheus with a configuration of the lab.
func (l *laboratory) doctor(ctx context.Context, config string) (found checkup, exitCode int, err error) {
	cmd := exec.CommandContext(ctx, l.ghostpair, "doctor", "--config.file="+filepath.Join(l.dir, config),
		"--window=10m", "--runs=0", "--output=json", "--fail-on=problem")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		exitCode, err = exit.ExitCode(), nil
	}
	if err != nil {
		return found, exitCode, err
	}
	return found, exitCode, json.Unmarshal(out, &found)
}

// checkDoctor requires that the doctor sees what there is: two jobs, and with the finer one no
// problem; with the coarse one alone that no lag can be seen, and what to paste.
func (l *laboratory) checkDoctor(ctx context.Context, t *testing.T) {
	both, code, err := l.doctor(ctx, "ghostpair.yml")
	if err != nil || code != 0 {
		t.Fatalf("doctor: exit code %d, %v, findings %+v; want 0", code, err, both.Findings)
	}
	jobs := map[string]float64{}
	for _, j := range both.Sources[0].Jobs {
		if j.Targets == fleetSize {
			jobs[j.Job] = j.ScrapeIntervalSeconds
		}
	}
	if len(jobs) != 2 || jobs["envoy-1s"] != 1 || jobs["envoy-15s"] != 15 {
		t.Errorf("jobs %v of %d Envoys, want envoy-1s and envoy-15s", jobs, fleetSize)
	}
	made := map[string]bool{}
	for _, c := range both.Checks {
		made[c.Check] = c.Possible
	}
	for _, check := range ofEnvoy {
		if !made[check] {
			t.Errorf("check %s cannot be made, want it to: all of Envoy's counters are there", check)
		}
	}
	for _, check := range ofOthers {
		if made[check] {
			t.Errorf("check %s can be made, and what it takes is not there", check)
		}
	}

	coarse, code, err := l.doctor(ctx, "ghostpair-15s.yml")
	if err != nil || code != 3 || coarse.Worst != "problem" {
		t.Fatalf("doctor of the 15 s job: exit code %d, worst %q, %v; want 3 for a problem", code, coarse.Worst, err)
	}
	for _, f := range coarse.Findings {
		if f.Severity == "problem" && f.Remedy != "scrape_config" {
			t.Errorf("problem %q has the remedy %q, want a scrape_config", f.Title, f.Remedy)
		}
	}
}

// ofEnvoy are the checks that take counters of Envoy only, and ofOthers some that take what the lab does
// not have: stats per endpoint, kube-state-metrics, the metrics of a load balancer.
var (
	ofEnvoy = []string{
		"dwell-time", "slow-bucket", "upstream-slow", "timeout-share", "connect-timeouts", "recovered-syn-loss",
		"response-timeouts", "resets", "capacity", "dns", "slow-success", "tls",
	}
	ofOthers = []string{"always-fails", "placement", "same-node", "nlb-blocked"}
)
