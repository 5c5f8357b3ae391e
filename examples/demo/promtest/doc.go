// Package promtest runs a real Prometheus inside this process: its storage, scraping, rules, PromQL
// and the whole of its HTTP API, remote read included. What is left out is service discovery other
// than static_configs, remote write, and the pages of the query UI, whose compiled assets are not
// part of the Go module.
//
// History can be written as blocks before the server starts, at millions of samples a second, and
// samples can be appended while it runs.
package promtest
