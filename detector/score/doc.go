// Package score turns a fingerprint and a scrape interval into a table of scores: the e-value of
// seeing a second error at a given lag after a first one, against every background whose
// follow-up intensity is constant plus convex and decreasing.
package score
