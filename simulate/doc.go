// Package simulate invents a fleet of proxies whose errors are known: when each one happened, on
// which target, and which of them belong to a planted pair. The fleet is seen through scrapes, as
// Prometheus would see it: with a scrape phase, jitter, missed scrapes, counters that are born with
// their first error, and restarts.
//
// Everything is a pure function of the fleet and of time: two windows of one fleet agree where they
// overlap, whatever was asked before. So a history can be written first and gone on with live, and
// a hole can be filled later, without any state.
//
// All times are Unix milliseconds, all windows are (from, to].
package simulate
