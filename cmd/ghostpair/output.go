package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ghostpair/ghostpair/durable"
)

// writeOutput gives write the file at path, or out when path is empty. A file is written under
// another name and renamed, so that it is whole or not there; a device or a pipe is written to.
func writeOutput(out io.Writer, path string, write func(io.Writer) error) error {
	if path == "" {
		return write(out)
	}
	if special(path) {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(file), file.Close())
	}
	return durable.Write(path, 0o644, write)
}

// special tells whether there is something at path that must not be replaced by a file.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// checkOutput tells before the work whether the file could be written after it.
func checkOutput(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--output.file: %s is a directory", path)
	}
	if special(path) {
		return nil
	}
	file, err := durable.Temporary(path)
	if err != nil {
		return fmt.Errorf("--output.file: %w", err)
	}
	if err := errors.Join(file.Close(), os.Remove(file.Name())); err != nil {
		return fmt.Errorf("--output.file: %w", err)
	}
	return nil
}
