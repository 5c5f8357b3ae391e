package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/sources"
)

// oldestWithin is how exactly the start of the data is looked for: a look back at one instant covers
// five minutes, and a block of Prometheus two hours.
const oldestWithin = 15 * time.Minute

// anything is answered wherever anything was scraped, and is cheap there.
const anything = "count(up)"

// warnOfRetention says once when the server has no data from the beginning of the window. Whether
// the server can tell is no concern: the run goes on.
func (b *backfill) warnOfRetention(ctx context.Context, c *config.Config, from, to time.Time, logger *slog.Logger) {
	server, err := answering(ctx, c, logger)
	if err != nil {
		return
	}
	oldest, ok, err := oldestData(ctx, server, from, to)
	switch {
	case err != nil:
		logger.Debug("Looking for the oldest data", "err", err)
	case !ok:
		logger.Warn("Prometheus has no `up` in the whole of the window: what is read will be little")
	case oldest.Sub(from) > oldestWithin:
		logger.Warn("Prometheus has no data from the beginning of the window", "start", from.Format(time.RFC3339),
			"oldest", oldest.Format(time.RFC3339), "hint", "see --storage.tsdb.retention.time of Prometheus")
	}
}

// oldestData returns about when the data of a server begin, by bisection with instant queries: a
// single one where they go back to the beginning of the window. It is not ok when there are none.
func oldestData(ctx context.Context, server *sources.Server, from, to time.Time) (oldest time.Time, ok bool, err error) {
	has := func(at time.Time) (bool, error) {
		samples, _, err := server.Instant(ctx, anything, at.UnixMilli())
		if err != nil {
			return false, fmt.Errorf("query %q at %s: %w", anything, at.Format(time.RFC3339), err)
		}
		return len(samples) > 0, nil
	}
	// An instant that is a little after the start has the first scrapes behind it.
	lo, hi := from.Add(min(oldestWithin, to.Sub(from))), to
	if there, err := has(lo); there || err != nil {
		return from, there, err
	}
	if there, err := has(hi); !there || err != nil {
		return time.Time{}, false, err
	}
	for hi.Sub(lo) > oldestWithin {
		middle := lo.Add(hi.Sub(lo) / 2)
		there, err := has(middle)
		if err != nil {
			return time.Time{}, false, err
		}
		if there {
			hi = middle
		} else {
			lo = middle
		}
	}
	return hi, true, nil
}
