package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestPower(t *testing.T) {
	t.Parallel()
	golden(t, "help-power", "power", "--help")
	golden(t, "power", "power", "--runs=10", "--horizon=1d")
	golden(t, "power-one", "power", "--runs=20", "--horizon=2d", "--scrape-interval=1s", "--pairs-per-hour=10", "--background=none", "--targets=1")
	golden(t, "power-coarse", "power", "--runs=2", "--scrape-interval=15s")
	golden(t, "power-across", "power", "--runs=5", "--horizon=1d", "--scrape-interval=3s", "--across-targets")
	golden(t, "power-hardly", "power", "--runs=5", "--horizon=6h", "--scrape-interval=2s", "--pairs-per-hour=0.2", "--background=bursty")
	golden(t, "power-nothing", "power", "--runs=2", "--horizon=6h", "--scrape-interval=2s", "--pairs-per-hour=0")
	golden(t, "power-gateway", "power", "--runs=10", "--horizon=1d", "--fingerprint=connect-timeout-10s", "--scrape-interval=1s", "--scrape-interval=5s", "--scrape-interval=7.5s")
	golden(t, "power-json", "power", "--runs=10", "--horizon=1d", "--scrape-interval=1s", "--scrape-interval=5s", "--output=json")
	golden(t, "power-usage", "power", "--runs=0", "--targets=0", "--routes=-1", "--scrape-interval=soon", "--scrape-interval=1ms",
		"--pairs-per-hour=-1", "--errors-per-hour=NaN", "--false-alarms-per-month=0", "--horizon=1s", "--fingerprint=5s")
}

// TestPowerIsTrue: the document must agree with itself, and null stand for what was not reached.
func TestPowerIsTrue(t *testing.T) {
	t.Parallel()
	stdout, _, code := runCommand("power", "--runs=20", "--horizon=8h", "--scrape-interval=1s", "--scrape-interval=15s", "--output=json")
	if code != exitDone {
		t.Fatalf("exit code %d", code)
	}
	var d powerDocument
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatal(err)
	}
	fine, coarse := d.Intervals[0], d.Intervals[1]
	last := fine.Within[len(fine.Within)-1]
	if last.Seconds != d.HorizonSeconds {
		t.Errorf("the last probability is for %g s, want the horizon of %g s", last.Seconds, d.HorizonSeconds)
	}
	for share, at := range map[float64]*float64{0.1: fine.ToPaired.P10, 0.5: fine.ToPaired.P50, 0.9: fine.ToPaired.P90} {
		if reached := last.Probability >= share; reached != (at != nil) {
			t.Errorf("%g of the runs within the horizon, and the quantile of %g is %v", last.Probability, share, at)
		}
	}
	if coarse.NotResolvableShare != 1 || coarse.Resolvable || coarse.ToPaired.P10 != nil || coarse.Within[0].Probability != 0 {
		t.Errorf("at 15 s: %+v, want nothing found, as the lag is not resolvable", coarse)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		250 * time.Millisecond: "250ms", time.Second: "1s", 7500 * time.Millisecond: "7.5s", time.Minute: "1m",
		90 * time.Second: "1m30s", time.Hour: "1h", 90 * time.Minute: "1h30m", 36 * time.Hour: "36h", 7 * 24 * time.Hour: "7d",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("shortDuration(%v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		20 * time.Minute: "20 min", 2 * time.Hour: "2.0 h", 47 * time.Hour: "47.0 h", 60 * time.Hour: "2.5 d",
	} {
		if got := roughly(d); got != want {
			t.Errorf("roughly(%v) = %q, want %q", d, got, want)
		}
	}
	for share, want := range map[float64]string{0: "0 %", 0.001: "< 1 %", 0.5: "50 %", 0.999: "> 99 %", 1: "100 %"} {
		if got := percent(share); got != want {
			t.Errorf("percent(%g) = %q, want %q", share, got, want)
		}
	}
}

// TestPowerManual: the table of the manual is what the command prints.
func TestPowerManual(t *testing.T) {
	if os.Getenv("GHOSTPAIR_LONG") == "" {
		t.Skip("takes some seconds on all cores: set GHOSTPAIR_LONG=1")
	}
	stdout, _, _ := runCommand("power")
	if manual := readFile(t, "../../docs/power.md"); !strings.Contains(manual, "$ ghostpair power\n"+stdout+"```\n") {
		t.Errorf("docs/power.md does not show what the command prints:\n%s", stdout)
	}
}
