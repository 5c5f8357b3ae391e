// Package e2e tests the parts of ghostpair together, on data that a real Prometheus holds and
// serves. It has no code but its tests.
package e2e
