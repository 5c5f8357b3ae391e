package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// storage is the directory of the state. While it is open it is locked, because two services that
// write one state would take turns in destroying it.
type storage struct {
	lock *os.File // nil: no directory is used
	path string   // of the state; empty: none
}

// errLocked is returned by lockFile for a file that another process has locked.
var errLocked = errors.New("another ghostpair uses it: give each a directory of its own")

// openStorage makes the directory where it is missing, checks that a state can be written there and
// locks it. The lock ends with the process, however that ends.
func openStorage(directory string) (*storage, error) {
	if directory == "" {
		return &storage{}, nil
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("--storage.path: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(directory, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--storage.path: %w", err)
	}
	if err := lockFile(lock); err != nil {
		return nil, errors.Join(fmt.Errorf("--storage.path %s: %w", directory, err), lock.Close())
	}
	return &storage{lock: lock, path: filepath.Join(directory, "state")}, nil
}

// close gives the directory free.
func (s *storage) close() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}
