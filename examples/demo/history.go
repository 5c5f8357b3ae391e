package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// history is the storage of Prometheus, kept between runs. Whole blocks are kept; what came after
// them is invented anew, which gives the same errors, since a fleet is a function of time.
type history struct {
	dir    string
	lock   fileutil.Releaser
	remove bool // at the end, since it is for this run only
}

// openHistory takes the directory for this run. Where another run holds it a temporary one is taken
// instead, and shared is true.
func openHistory(data string) (h *history, shared bool, err error) {
	dir := filepath.Join(data, fmt.Sprintf("v%d", fleetVersion), "prometheus")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, false, fmt.Errorf("history: %w", err)
	}
	lock, _, err := fileutil.Flock(filepath.Join(filepath.Dir(dir), "lock"))
	if err == nil {
		return &history{dir: dir, lock: lock}, false, nil
	}
	dir, err = os.MkdirTemp("", "ghostpair-demo-")
	if err != nil {
		return nil, true, fmt.Errorf("history: %w", err)
	}
	return &history{dir: dir, remove: true}, true, nil
}

// fill makes the directory hold the history of the fleet in (from, to] and nothing after it, and
// returns how many samples were written, and how many were there.
func (h *history) fill(fleet *simulate.Fleet, from, to time.Time) (written, kept int, err error) {
	blocks, kept, err := h.clean(from.UnixMilli())
	if err != nil {
		return 0, 0, fmt.Errorf("history: %w", err)
	}
	// from the start of the block that `from` falls into, so that the same blocks serve for hours
	left := promtest.BlockEnd(from.UnixMilli()) - promtest.BlockMillis
	for left < to.UnixMilli() {
		right := min(promtest.BlockEnd(left), to.UnixMilli())
		if !blocks[left] {
			samples, err := promtest.WriteBlock(h.dir, left, right, series(fleet.Record(left, right)))
			if err != nil {
				return written, kept, err
			}
			written += samples
		}
		left = right
	}
	return written, kept, nil
}

// clean removes all but the whole blocks of history that are still wanted, and returns where those
// start, and their samples.
func (h *history) clean(from int64) (blocks map[int64]bool, samples int, err error) {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return nil, 0, err
	}
	blocks = map[int64]bool{}
	var problems []error
	for _, entry := range entries {
		path := filepath.Join(h.dir, entry.Name())
		meta, err := readMeta(path)
		whole := err == nil && meta.MaxTime-meta.MinTime == promtest.BlockMillis && meta.MinTime%promtest.BlockMillis == 0
		if whole && meta.MaxTime > from && !blocks[meta.MinTime-1] {
			blocks[meta.MinTime-1] = true
			samples += int(meta.Stats.NumSamples)
			continue
		}
		problems = append(problems, os.RemoveAll(path))
	}
	return blocks, samples, errors.Join(problems...)
}

func readMeta(block string) (tsdb.BlockMeta, error) {
	text, err := os.ReadFile(filepath.Join(block, "meta.json"))
	if err != nil {
		return tsdb.BlockMeta{}, err
	}
	var meta tsdb.BlockMeta
	if err := json.Unmarshal(text, &meta); err != nil {
		return tsdb.BlockMeta{}, fmt.Errorf("%s: %w", block, err)
	}
	return meta, nil
}

// close lets go of the directory.
func (h *history) close() error {
	if h.remove {
		return os.RemoveAll(h.dir)
	}
	return h.lock.Release()
}

// days writes a length of time as people read it.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return model.Duration(d).String()
}

// count writes a number as people read it: 23,410,112.
func count(n int) string {
	digits := fmt.Sprint(n)
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), ",")
}
