// Package detector finds routes whose errors come in pairs a fingerprint lag apart.
//
// Its input are cells: scrape intervals of one target in which the errors of a route grew. Every
// cell opens a trial, which looks at the cells that follow within a window around the fingerprint and
// turns their lags into an e-value: a score whose mean is at most 1 as long as errors merely cluster,
// that is, as long as the intensity of errors after an error is constant plus convex and decreasing.
// Accounts bet on the trials of a stream (one route and fingerprint, or all routes of a fingerprint
// together); they get one unit of wealth per hour with errors, and the mean of their wealth is the
// evidence M. By the optional stopping theorem an alarm at M >= A is false at most once in A active
// hours, however trials overlap and depend on one another (an e-detector in the sense of Shin, Ramdas
// and Rinaldo, "E-detectors", 2024, of the Shiryaev-Roberts kind).
//
// The package has no clock and does no I/O. Its state after an instant depends on the events up to
// that instant only, never on the pieces in which they were fed.
package detector
