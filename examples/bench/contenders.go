package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// contender is one way to read a stretch of history.
type contender struct {
	name    string
	rounds  int // at most; 0: all
	prepare func() error
	command func(s *server) []string
	costs   []cost
	failure error // it could not do it, as the server refused or it ran out of time
}

// patience is how long one run may take.
const patience = 90 * time.Second

// contenders are those that fit a shape. The first is the yardstick.
func contenders(t tools, s shape) []*contender {
	if s.compare > 0 {
		return []*contender{
			backfill(t, "ghostpair backfill, "+days(s.compare), end.Add(-s.compare)),
			backfill(t, "ghostpair backfill, "+days(s.span), s.start()),
			drain(t, "std drain, "+days(s.span), s.start()),
		}
	}
	all := []*contender{drain(t, "std drain", s.start()), backfill(t, "ghostpair backfill", s.start())}
	if s.name == "L" {
		return all // the others would take minutes
	}
	all = append(all, &contender{name: "client_golang, JSON", rounds: 2, command: func(v *server) []string {
		return []string{t.query, v.url, selector, strconv.FormatInt(s.span.Milliseconds(), 10), millis(end)}
	}})
	if s.name == "S" {
		all = append(all, ruleReplays(t, s)...)
	}
	return all
}

func drain(t tools, name string, from time.Time) *contender {
	return &contender{name: name, command: func(v *server) []string {
		return []string{t.drain, v.url, millis(from), millis(end)}
	}}
}

func backfill(t tools, name string, from time.Time) *contender {
	return &contender{name: name, command: func(v *server) []string {
		return []string{
			t.ghostpair, "backfill", "--prometheus.url=" + v.url, "--selector=" + selector,
			"--start=" + from.Format(time.RFC3339), "--end=" + end.Format(time.RFC3339), "--output=json",
		}
	}}
}

// ruleReplays are the tools that evaluate a rule over history, once for every step of a scrape. A rule
// cannot see scrapes: theirs is what comes closest, the growth of every route from scrape to scrape.
func ruleReplays(t tools, s shape) []*contender {
	rules := filepath.Join(t.work, "rules.yml")
	prepare := func() error {
		return os.WriteFile(rules, fmt.Appendf(nil, `groups:
  - name: errors
    interval: %s
    rules:
      - record: route:errors:increase
        expr: sum by (envoy_cluster_name) (increase(%s[%s]))
`, s.every, selector, 4*s.every), 0o600)
	}
	var all []*contender
	if t.promtool != "" {
		all = append(all, &contender{name: "promtool, rule backfill", rounds: 1, prepare: prepare, command: func(v *server) []string {
			return []string{
				t.promtool, "tsdb", "create-blocks-from", "rules", "--url=" + v.url, "--output-dir=" + filepath.Join(t.work, "blocks"),
				"--start=" + strconv.FormatInt(s.start().Unix(), 10), "--end=" + strconv.FormatInt(end.Unix(), 10), "--eval-interval=" + s.every.String(), rules,
			}
		}})
	}
	if t.vmalert != "" {
		all = append(all, &contender{name: "vmalert, replay", rounds: 1, prepare: prepare, command: func(v *server) []string {
			return []string{
				t.vmalert, "-rule=" + rules, "-datasource.url=" + v.url, "-remoteWrite.url=" + v.url, "-remoteWrite.disablePathAppend",
				"-datasource.queryStep=" + s.every.String(), "-replay.maxDatapointsPerQuery=10000", "-replay.rulesDelay=0s",
				"-replay.timeFrom=" + s.start().Format(time.RFC3339), "-replay.timeTo=" + end.Format(time.RFC3339), "-httpListenAddr=127.0.0.1:0",
			}
		}})
	}
	return all
}

// race runs the contenders in turn. The first round only warms up caches and is not counted.
func race(ctx context.Context, s *server, all []*contender, rounds int) error {
	for round := -1; round < rounds; round++ {
		for _, c := range all {
			limit := rounds
			if c.rounds > 0 {
				limit = min(limit, c.rounds)
			}
			if c.failure != nil || round >= limit || round < 0 && c.rounds > 0 {
				continue
			}
			if err := c.once(ctx, s, round >= 0); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *contender) once(ctx context.Context, s *server, counts bool) error {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return err
		}
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command := c.command(s)
	used, _, err := run(limited, s, command[0], command[1:]...)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && c.rounds == 0:
		return err
	case err != nil:
		c.failure = err
	case counts:
		c.costs = append(c.costs, used)
	}
	return nil
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
