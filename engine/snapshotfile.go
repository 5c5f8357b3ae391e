package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteSnapshot writes the state to a temporary file beside path and renames it. After an error,
// such as that of a full disk, the file at path is what it was.
func (e *Engine) WriteSnapshot(path string) error {
	data, err := e.MarshalBinary()
	if err != nil {
		return err
	}
	if err := replaceFile(path, data); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// ReadSnapshot takes over the state in the file at path. It must come before the first Advance.
// The error wraps os.ErrNotExist when there is none, ErrSnapshotOther when it belongs to another
// version or configuration, and ErrSnapshotDamaged when it is of no use; the engine is as new then.
func (e *Engine) ReadSnapshot(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	switch err := e.UnmarshalBinary(data); {
	case errors.Is(err, ErrSnapshotDamaged):
		return fmt.Errorf("read %s: %w; it is replaced when the state is next saved", path, err)
	case err != nil:
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// replaceFile puts data at path, whole or not at all, even when the power fails.
func replaceFile(path string, data []byte) error {
	temporary := path + ".tmp" // one name, so that crashes do not pile up files
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
