// Package durable writes files that are there whole or not at all, even when the power fails. It is
// for state that a program must find again; the edge packages share it.
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// TemporarySuffix ends the name of the file that Replace writes first. One that is left over is of a
// write that was cut short, and may be removed.
const TemporarySuffix = ".tmp"

// Replace puts data at path. After an error, such as that of a full disk, the file at path is what it
// was.
func Replace(path string, data []byte) error {
	temporary := path + TemporarySuffix // one name, so that crashes do not pile up files
	if err := writeSynced(temporary, data); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // makes the rename last; not every file system can
		_ = dir.Close()
	}
	return nil
}

func writeSynced(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}
