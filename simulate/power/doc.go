// Package power answers how long it takes until pairs of errors are found: with what probability, at
// which scrape interval, among how many other errors. It plays the errors of one route many times,
// scrapes them, and lets the detector itself judge what the scrapes show. Nothing is approximated but
// for the number of runs.
//
// What comes out is a pure function of the question and of the seed, however many workers share the runs.
package power
