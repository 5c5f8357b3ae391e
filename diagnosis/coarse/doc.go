// Package coarse turns the companions of a route's errors — the counters of failed connects, the gauge of
// pending requests, the latency buckets of the proxy — into accounts of package diagnosis. They
// say how long errors last, which scrapes that are too coarse to show the gap between two errors
// can still show.
//
// A Collector is fed like an observer, piece by piece, through observe.Sink. What comes out is a
// function of the samples and of the newest watermark, however time was cut. Each target is
// seen through one view at a time; another takes over when it has been silent for a while, or shows less. What had
// no sample for a day is forgotten.
//
// Scope: counters of a cluster belong to one route. The latency histogram belongs to a whole
// proxy, so its slow requests may be those of another route; chance coincidences are what the test
// of package diagnosis allows for, block by block. Buckets are classic ones, or those that a
// native histogram was turned into.
//
// A Latency stands beside it: it remembers when the latency histograms surely saw no request as slow as a timeout, for
// errors that are scraped finely enough to be paired and may yet have been instant.
package coarse
