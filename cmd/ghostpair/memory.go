package main

import (
	"os"
	"runtime/debug"
)

// collectEarly lets the heap grow by half between collections, instead of to twice its size, unless the
// environment says otherwise: there is little work between ticks, and what lives is small against
// what a tick or a piece of history leaves behind. It costs a backfill some percent of its CPU time.
func collectEarly() {
	const gcPercent = 50
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
