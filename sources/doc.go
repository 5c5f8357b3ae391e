// Package sources reads Prometheus. A Source asks for the raw samples of the selected counters and
// of `up` of the same scrape jobs, turns labels into routes, targets and views, and hands the
// samples over as runs; an NLB reads the gauges of a CloudWatch exporter.
//
// Three readers give the same runs: streamed remote read (long stretches), remote read with plain
// samples (live ticks), and range selectors through the query API (servers without remote read).
// Rates and steps are never asked for: they hide when a target was scraped.
//
// Windows are half-open, (from, to], in Unix milliseconds. Servers differ about the edges, so every
// reader trims by itself.
package sources
