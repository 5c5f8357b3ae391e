// Package lab is ghostpair's end-to-end test and a tour of it, with nothing simulated but the
// faults: real Envoys whose upstreams drop SYNs in silence, or fail in ways that look like it, a real
// Prometheus that scrapes them twice, ghostpair, and a real Alertmanager that gets the alert. `make lab`
// runs it; README.md says what it needs.
//
// The truth is the clients' own log of what they were answered, and every number that ghostpair
// gives is compared with it.
package lab
