package e2e

import (
	"os/exec"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/simulate"
)

// BenchmarkReportOfAMonth is the program from start to end: the report of four weeks over a hundred
// routes on two pods, scraped every 15 s, requests and errors, from a Prometheus on the same machine.
func BenchmarkReportOfAMonth(b *testing.B) {
	to := start.Truncate(24 * time.Hour).UTC()
	from := to.AddDate(0, 0, -28)
	f := &simulate.Fleet{Seed: 9, StartMillis: from.UnixMilli(), Targets: simulate.Pods(9, 2, simulate.Grid{Interval: 15 * time.Second})}
	for i := range 100 {
		f.Routes = append(f.Routes, simulate.Route{
			Name:      "httproute/shop/service-" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "/rule/0",
			Processes: []simulate.Process{simulate.Poisson{PerHour: 4}},
		})
	}
	dir, samples := b.TempDir(), 0
	for left := from.UnixMilli(); left < to.UnixMilli(); {
		right := min(promtest.BlockEnd(left), to.UnixMilli())
		n, err := promtest.WriteBlock(dir, left, right, withRequests(f, f.Record(left, right), from))
		if err != nil {
			b.Fatal(err)
		}
		samples += n
		left = right
	}
	server, err := promtest.Start(b.Context(), promtest.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	path, err := program()
	if err != nil {
		b.Fatal(err)
	}
	stretch := from.Format(time.RFC3339) + ".." + to.Format(time.RFC3339)
	var used time.Duration
	for b.Loop() {
		cmd := exec.Command(path, "report", "--prometheus.url="+server.URL(), "--range="+stretch, "--output.file="+dir+"/report.html")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(float64(samples), "samples")
	b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/op") // without that of Prometheus, and whatever else the machine has to do
}
