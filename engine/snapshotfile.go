package engine

import (
	"errors"
	"fmt"
	"os"

	"github.com/ghostpair/ghostpair/durable"
)

// WriteSnapshot writes the state to a temporary file beside path and renames it. After an error,
// such as that of a full disk, the file at path is what it was.
func (e *Engine) WriteSnapshot(path string) error {
	data, err := e.MarshalBinary()
	if err != nil {
		return err
	}
	if err := durable.Replace(path, data); err != nil {
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
