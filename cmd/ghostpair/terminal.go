package main

import (
	"io"
	"os"
	"strconv"

	"github.com/cheggaaa/pb/v3/termutil"
)

// defaultWidth is that of lines where there is no terminal.
const defaultWidth = 100

// terminal tells whether w is one.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// width returns how many columns w has.
func width(w io.Writer) int {
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return columns
	}
	if terminal(w) {
		if columns, err := termutil.TerminalWidth(); err == nil && columns > 0 {
			return columns
		}
	}
	return defaultWidth
}
