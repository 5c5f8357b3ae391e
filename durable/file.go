// Package durable writes files that are there whole or not at all, even when the power fails. It is
// for state that a program must find again, and for output that others wait for; the edge packages share it.
package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// TemporarySuffix ends the name of the file that is written first. One that is left over is of a
// write that was cut short, and may be removed.
const TemporarySuffix = ".tmp"

// Replace puts data at path, readable by its owner only. After an error, such as that of a full disk,
// the file at path is what it was. Nobody else may write there at the same time.
func Replace(path string, data []byte) error {
	// One name, so that crashes do not pile up files.
	file, err := os.OpenFile(path+TemporarySuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Join(err, os.Remove(path+TemporarySuffix))
	}
	_, err = file.Write(data)
	return settle(file, path, err)
}

// Write puts at path, with that mode, what write writes. After an error, be it one of write itself, the
// file at path is what it was. Several may write there at the same time: the last one wins.
func Write(path string, mode fs.FileMode, write func(io.Writer) error) error {
	file, err := Temporary(path)
	if err != nil {
		return err
	}
	return settle(file, path, errors.Join(write(file), file.Chmod(mode)))
}

// Temporary makes a file beside path, under a name that nobody else has.
func Temporary(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+TemporarySuffix)
}

// settle ends the writing of a temporary file, which may have had an error: the file takes the place of
// path, or is removed.
func settle(file *os.File, path string, err error) error {
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // makes the rename last; not every file system can
		_ = dir.Close()
	}
	return nil
}
