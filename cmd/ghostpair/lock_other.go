//go:build !unix || solaris || aix

package main

import "os"

// lockFile does nothing where files cannot be locked as on Unix.
func lockFile(*os.File) error { return nil }
