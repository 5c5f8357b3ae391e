// Package alert shows what ghostpair found to Prometheus: a collector of the latest evaluation, the
// instruments of the service itself, and the rules that turn both into alerts. It decides nothing:
// verdicts and figures are those of the evaluation.
package alert
