// Package survey looks at a live Prometheus for people: what is there, how it is scraped, what can
// and cannot be seen in it, and what to change. It only reads.
//
// Doctor answers for the errors of proxies, Preflight for the placement of pods around a load
// balancer. Both first collect facts, which may fail in parts, and then judge them; what could not
// be found out is said, and never taken for its absence.
package survey
