// Command inside runs the engine of ghostpair in its own process, as the commands of ghostpair do, where
// it can be profiled and its ticks can be timed one by one.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/sources"
)

type options struct {
	url                     string
	backfill, ticks         string
	times                   int
	cpuProfile, heapProfile string
}

func main() {
	var o options
	flag.StringVar(&o.url, "url", "", "of Prometheus")
	flag.StringVar(&o.backfill, "backfill", "", "`START,END` in milliseconds")
	flag.StringVar(&o.ticks, "ticks", "", "`ORIGIN,FIRST,STEP,COUNT` in milliseconds: read history from the origin to the first tick, then time the ticks")
	flag.IntVar(&o.times, "times", 1, "how often to run the backfill")
	flag.StringVar(&o.cpuProfile, "cpuprofile", "", "`file`")
	flag.StringVar(&o.heapProfile, "heapprofile", "", "`file`")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "inside:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.cpuProfile != "" {
		file, err := os.Create(o.cpuProfile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if o.ticks != "" {
		return ticks(ctx, o)
	}
	at, err := numbers(o.backfill, 2)
	if err != nil {
		return err
	}
	var e *engine.Engine
	for range o.times {
		if e, err = newEngine(o.url, at[0]); err != nil {
			return err
		}
		if err := e.Advance(ctx, time.UnixMilli(at[1])); err != nil {
			return err
		}
	}
	fmt.Printf("%d findings, %d samples\n", len(e.Evaluation().Findings), e.Evaluation().Quality.Samples)
	return writeHeap(o.heapProfile, e)
}

func writeHeap(path string, e *engine.Engine) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	runtime.GC()
	err = pprof.WriteHeapProfile(file)
	runtime.KeepAlive(e)
	return err
}

// ticks prints how many seconds each tick took, as JSON.
func ticks(ctx context.Context, o options) error {
	at, err := numbers(o.ticks, 4)
	if err != nil {
		return err
	}
	e, err := newEngine(o.url, at[0])
	if err != nil {
		return err
	}
	if err := e.Advance(ctx, time.UnixMilli(at[1])); err != nil {
		return err
	}
	var all []float64
	for i := range at[3] {
		began := time.Now()
		if err := e.Advance(ctx, time.UnixMilli(at[1]+(i+1)*at[2])); err != nil {
			return err
		}
		all = append(all, time.Since(began).Seconds())
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		return err
	}
	return writeHeap(o.heapProfile, e)
}

func numbers(text string, count int) ([]int64, error) {
	parts := strings.Split(text, ",")
	if len(parts) != count {
		return nil, fmt.Errorf("%q: %d numbers wanted", text, count)
	}
	all := make([]int64, count)
	for i, part := range parts {
		var err error
		if all[i], err = strconv.ParseInt(part, 10, 64); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// newEngine is an engine with the first of the default sources, the counters of errors of Envoy.
func newEngine(url string, originMillis int64) (*engine.Engine, error) {
	c, err := config.ForURL("--url", url)
	if err != nil {
		return nil, err
	}
	server, err := sources.NewServer(sources.ServerOptions{URL: url, Timeout: c.Prometheus.Timeout})
	if err != nil {
		return nil, err
	}
	s := c.Sources[0]
	reader, err := sources.New(sources.Options{
		Name: s.Name, Server: server, Selector: s.Selector, Exclude: s.Exclude,
		RouteLabels: s.RouteLabels, TargetLabels: s.TargetLabels, ViewLabels: s.ViewLabels,
	})
	if err != nil {
		return nil, err
	}
	o := engine.Options{
		Origin: time.UnixMilli(originMillis), FalseAlarmsPerMonth: c.FalseAlarmsPerMonth, ClearBelow: c.ClearBelow,
		Sources: []engine.Source{{Name: s.Name, Kind: s.Kind, Signal: s.Signal, Reader: reader, RouteLimit: c.Limits.Routes}},
	}
	for _, f := range c.Fingerprints {
		o.Fingerprints = append(o.Fingerprints, score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi})
	}
	return engine.New(o)
}
