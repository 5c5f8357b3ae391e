package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	file, err := temporaryFor(path)
	if err != nil {
		return err
	}
	err = errors.Join(write(file), file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// special tells whether there is something at path that must not be replaced by a file.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

func temporaryFor(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
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
	file, err := temporaryFor(path)
	if err != nil {
		return fmt.Errorf("--output.file: %w", err)
	}
	if err := errors.Join(file.Close(), os.Remove(file.Name())); err != nil {
		return fmt.Errorf("--output.file: %w", err)
	}
	return nil
}
