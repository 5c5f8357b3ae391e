package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// writeOutput gives write the file at path, or out when path is empty. A file is written under
// another name and renamed, so that it is whole or not there.
func writeOutput(out io.Writer, path string, write func(io.Writer) error) error {
	if path == "" {
		return write(out)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
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
