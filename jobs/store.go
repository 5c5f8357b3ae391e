package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ghostpair/ghostpair/durable"
)

const (
	recordSuffix  = ".job.json"
	resultSuffix  = ".findings.json"
	recordVersion = 1
)

// store is the directory of jobs: a record a job, and beside it the result of one that is done.
type store struct {
	directory string
	write     func(path string, data []byte) error // whole or not at all
}

// record is the file of a job.
type record struct {
	Version int `json:"version"`
	Job
}

func newStore(directory string) (*store, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("directory of backfill jobs: %w", err)
	}
	return &store{directory: directory, write: durable.Replace}, nil
}

func (s *store) path(id, suffix string) string { return filepath.Join(s.directory, id+suffix) }

func (s *store) putJob(job Job) error {
	data, err := json.MarshalIndent(record{recordVersion, job}, "", "  ")
	if err != nil {
		return err
	}
	return s.write(s.path(job.ID, recordSuffix), append(data, '\n'))
}

func (s *store) putResult(id string, data []byte) error {
	return s.write(s.path(id, resultSuffix), data)
}

func (s *store) result(id string) ([]byte, error) { return os.ReadFile(s.path(id, resultSuffix)) }

func (s *store) hasResult(id string) bool {
	_, err := os.Stat(s.path(id, resultSuffix))
	return err == nil
}

// remove deletes the files of a job.
func (s *store) remove(id string) error {
	var errs []error
	for _, suffix := range []string{resultSuffix, recordSuffix} { // in this order: what is left has a record
		if err := os.Remove(s.path(id, suffix)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// jobs reads all records and removes what writes that broke off have left. The second value lists
// what is wrong with records that cannot be used, which are left alone.
func (s *store) jobs() ([]Job, []error, error) {
	files, err := os.ReadDir(s.directory)
	if err != nil {
		return nil, nil, fmt.Errorf("directory of backfill jobs: %w", err)
	}
	var all []Job
	var problems []error
	for _, file := range files {
		name := file.Name()
		if strings.HasSuffix(name, recordSuffix+durable.TemporarySuffix) || strings.HasSuffix(name, resultSuffix+durable.TemporarySuffix) {
			problems = append(problems, os.Remove(filepath.Join(s.directory, name)))
		}
		if id, ok := strings.CutSuffix(name, recordSuffix); ok {
			job, err := s.job(id)
			if err == nil {
				all = append(all, job)
			}
			problems = append(problems, err)
		}
	}
	return all, problems, nil
}

func (s *store) job(id string) (Job, error) {
	path := s.path(id, recordSuffix)
	data, err := os.ReadFile(path)
	if err != nil {
		return Job{}, err
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return Job{}, fmt.Errorf("read %s: %w", path, err)
	}
	if r.Version != recordVersion || r.ID != id {
		return Job{}, fmt.Errorf("read %s: version %d of job %q, want version %d of %q", path, r.Version, r.ID, recordVersion, id)
	}
	return r.Job, nil
}
