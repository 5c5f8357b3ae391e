package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
)

// The present: a head of ten minutes and the minute after it, so that a service at work finds new
// samples at every tick.
const (
	liveBefore = 10 * time.Minute
	liveAfter  = time.Minute
	liveEvery  = 15 * time.Second
	liveTicks  = 15
)

// benchLive measures what a tick costs, and what stays resident of many series.
func benchLive(ctx context.Context, o options, t tools, out io.Writer) error {
	if t.prometheus == "" {
		fmt.Fprintln(out, "\nlive: left out, since no Prometheus is installed here that takes remote write")
		return nil
	}
	for _, s := range []shape{
		{name: "ticks", pods: 100, routes: 100, every: liveEvery, span: liveBefore + liveAfter, perDay: 200},
		{name: "resident", pods: 1000, routes: 100, every: liveEvery, span: liveBefore + liveAfter, perDay: 200},
	} {
		if err := benchHead(ctx, t, s, out); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// benchHead fills the head of an empty Prometheus and measures on it.
func benchHead(ctx context.Context, t tools, s shape, out io.Writer) (err error) {
	dir := filepath.Join(t.work, s.name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	server, err := startServer(ctx, t, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	now := time.Now().Truncate(time.Second)
	if err := fillHead(ctx, server, s, now); err != nil {
		return err
	}
	if s.name == "resident" {
		return resident(ctx, t, server, s, out)
	}
	return ticks(ctx, t, server, s, now, out)
}

// fillHead writes what the scrapes around now would have.
func fillHead(ctx context.Context, server *server, s shape, now time.Time) error {
	from := now.Add(-liveBefore).UnixMilli()
	fleet := newFleet(s, from)
	for _, p := range fleet {
		for _, c := range p.counters {
			c.value = 1 // a counter that was there before
		}
	}
	for to := from; to < now.Add(liveAfter).UnixMilli(); {
		to += liveBefore.Milliseconds() / 2
		if err := write(ctx, server.url, block(fleet, to)); err != nil {
			return err
		}
	}
	return nil
}

// write sends series through remote write, some thousands at a time.
func write(ctx context.Context, url string, all []promtest.Series) error {
	const batch = 2000
	for len(all) > 0 {
		n := min(batch, len(all))
		var request prompb.WriteRequest
		for _, series := range all[:n] {
			one := prompb.TimeSeries{}
			series.Labels.Range(func(l labels.Label) { one.Labels = append(one.Labels, prompb.Label{Name: l.Name, Value: l.Value}) })
			for at, v := range series.Samples {
				one.Samples = append(one.Samples, prompb.Sample{Timestamp: at, Value: v})
			}
			request.Timeseries = append(request.Timeseries, one)
		}
		all = all[n:]
		raw, err := request.Marshal()
		if err != nil {
			return err
		}
		post, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, raw)))
		if err != nil {
			return err
		}
		post.Header.Set("Content-Encoding", "snappy")
		post.Header.Set("Content-Type", "application/x-protobuf")
		post.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
		response, err := http.DefaultClient.Do(post)
		if err != nil {
			return err
		}
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		response.Body.Close()
		if response.StatusCode/100 != 2 {
			return fmt.Errorf("remote write: %s: %s", response.Status, text)
		}
	}
	return nil
}

// ticks compares the ticks of the engine with JSON answers about the last minute, in turn.
func ticks(ctx context.Context, t tools, server *server, s shape, now time.Time, out io.Writer) error {
	first := now.Add(-liveTicks * liveEvery)
	ask := []string{t.query, server.url, selector, "60000"}
	for i := range liveTicks {
		ask = append(ask, millis(first.Add(time.Duration(i+1)*liveEvery)))
	}
	advance := []string{
		t.inside, "-url=" + server.url,
		fmt.Sprintf("-ticks=%s,%s,%d,%d", millis(now.Add(-liveBefore)), millis(first), liveEvery.Milliseconds(), liveTicks),
	}
	var asked, advanced []float64
	for range 3 {
		for command, to := range map[*[]string]*[]float64{&ask: &asked, &advance: &advanced} {
			_, text, err := run(ctx, server, (*command)[0], (*command)[1:]...)
			if err != nil {
				return err
			}
			var seconds []float64
			if err := json.Unmarshal(text, &seconds); err != nil {
				return err
			}
			*to = append(*to, seconds[1:]...) // the first one opens a connection
		}
	}
	a, b := middle(asked), middle(advanced)
	_, err := fmt.Fprintf(out, "\nA tick over %d series: %.0f ms from the question to the published findings; JSON sel[60s] alone: %.0f ms; ×%.2f\n", s.series(), 1000*b, 1000*a, b/a)
	return err
}

// resident runs the service for a while and looks at its memory.
func resident(ctx context.Context, t tools, server *server, s shape, out io.Writer) (err error) {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	file := filepath.Join(t.work, "serve.yml")
	text := fmt.Sprintf("prometheus: {url: %q}\nevaluate: {every: 5s, delay: 5s, history: 1h}\n", server.url)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, t.ghostpair, "serve", "--config.file="+file, "--web.listen-address="+address, "--log.level=error")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 20 * time.Second
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, command.Cancel(), command.Wait()) }()
	if err := waitReady(ctx, "http://"+address); err != nil {
		return err
	}
	caughtUp := status(command.Process.Pid, "VmHWM")
	for range 3 { // some ticks, and what Prometheus does in between
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Second):
		}
		if err := scrape(ctx, "http://"+address+"/metrics"); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "\nghostpair serve with %d live series: %s resident after half a minute, %s at most while it read its history, %s at most\n", s.series(),
		megabytes(status(command.Process.Pid, "VmRSS")), megabytes(caughtUp), megabytes(status(command.Process.Pid, "VmHWM")))
	return err
}

func scrape(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
