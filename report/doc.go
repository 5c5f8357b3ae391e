// Package report tells what a week cost: how each route did against its objective, what burned the
// error budget, which part of the burn was errors in pairs, what changed, and what to do. It counts
// from raw samples, with the increments that the detector sees, and writes HTML, Markdown, JSON and
// CSV. It reads no clock and no Prometheus: what happened is handed in, piece by piece.
//
// Everything is counted in quarters of an hour, the largest stretch of which days and weeks of every
// time zone are made. What happened in a scrape interval is counted where the interval ends.
package report
