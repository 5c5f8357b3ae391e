// Package lab is ghostpair's end-to-end test and a tour of it, with nothing simulated but the
// network fault: a real Envoy whose upstream drops SYNs in silence, a real Prometheus that scrapes
// it twice, ghostpair, and a real Alertmanager that gets the alert. `make lab` runs it; README.md
// says what it needs.
//
// The truth is the clients' own log of what they were answered, and every number that ghostpair
// gives is compared with it.
package lab
