//go:build !race

package detector

// raceDetector tells that the race detector is on, which allocates on its own.
const raceDetector = false
