// Command bench measures what ghostpair costs against the usual ways of reading the same data from a
// Prometheus: in one run, on one machine, in turn. It invents the histories of some fleets once and keeps
// them, starts a Prometheus on each, runs the contenders one after the other for some rounds, and prints
// medians and ratios of wall time, CPU time of client and server, and memory of the client.
//
// Absolute times differ between machines and between days; ratios of CPU time hardly do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

type options struct {
	shapes  string
	rounds  int
	data    string
	profile string
	binary  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.shapes, "shapes", "S,M,L,28d,live", "which to measure, by `names`")
	flag.IntVar(&o.rounds, "rounds", 7, "how often; slow contenders run once or twice")
	flag.StringVar(&o.data, "data", "", "`directory` of the histories, kept between runs (default: in the user's cache)")
	flag.StringVar(&o.profile, "profile", "", "`directory` for a CPU profile and a heap profile of a backfill of each shape")
	flag.StringVar(&o.binary, "ghostpair", "", "ghostpair `binary` to measure (default: it is built from this repository)")
	flag.Parse()
	if err := bench(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options, out io.Writer) (err error) {
	if o.data == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		o.data = filepath.Join(cache, "ghostpair-bench")
	}
	work, err := os.MkdirTemp("", "ghostpair-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	t, err := findTools(ctx, work, o.binary)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, machine(t))
	wanted := strings.Split(o.shapes, ",")
	for _, s := range shapes() {
		if !contains(wanted, s.name) {
			continue
		}
		if err := benchShape(ctx, o, t, s, out); err != nil {
			return fmt.Errorf("shape %s: %w", s.name, err)
		}
	}
	if contains(wanted, "live") {
		if err := benchLive(ctx, o, t, out); err != nil {
			return fmt.Errorf("live: %w", err)
		}
	}
	return nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(strings.TrimSpace(n), name) {
			return true
		}
	}
	return false
}

// benchShape measures everything that there is to measure on one shape.
func benchShape(ctx context.Context, o options, t tools, s shape, out io.Writer) (err error) {
	h, err := historyOf(s, o.data)
	if err != nil {
		return err
	}
	server, err := startServer(ctx, t, h.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if o.profile != "" {
		return profile(ctx, o, t, server, s, out)
	}
	all := contenders(t, s)
	if err := race(ctx, server, all, o.rounds); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s, %s samples\n", s, millions(h.Samples))
	return table(out, all)
}

// profile writes profiles of a backfill.
func profile(ctx context.Context, o options, t tools, server *server, s shape, out io.Writer) error {
	if err := os.MkdirAll(o.profile, 0o750); err != nil {
		return err
	}
	cpu, heap := filepath.Join(o.profile, s.name+".cpu.prof"), filepath.Join(o.profile, s.name+".heap.prof")
	c, text, err := run(ctx, server, t.inside, "-url="+server.url, "-backfill="+millis(s.start())+","+millis(end),
		fmt.Sprintf("-times=%d", o.rounds), "-cpuprofile="+cpu, "-heapprofile="+heap)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d backfills: %.2f s, client %.2f s of CPU, server %.2f, peak %s\n%s → %s %s\n",
		s.name, o.rounds, c.wall.Seconds(), c.clientCPU.Seconds(), c.serverCPU.Seconds(), megabytes(c.peakBytes), text, cpu, heap)
	return nil
}
