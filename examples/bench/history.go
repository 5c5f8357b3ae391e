package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
)

// history is the storage of a Prometheus that has watched a shape.
type history struct {
	Dir     string `json:"-"`
	Samples int    `json:"samples"`
}

// historyOf writes the history of a shape below a directory, unless it is there.
func historyOf(s shape, data string) (history, error) {
	h := history{Dir: filepath.Join(data, fmt.Sprintf("v%d", generatorVersion), s.name)}
	note := filepath.Join(h.Dir, "written.json") // there when it is complete
	if text, err := os.ReadFile(note); err == nil {
		return h, json.Unmarshal(text, &h)
	}
	if err := errors.Join(os.RemoveAll(h.Dir), os.MkdirAll(h.Dir, 0o750)); err != nil {
		return h, err
	}
	fmt.Fprintf(os.Stderr, "writing %s …", s)
	began := time.Now()
	from, to := s.start().UnixMilli(), end.UnixMilli()
	fleet := newFleet(s, from)
	for from < to {
		next := min(promtest.BlockEnd(from), to)
		n, err := promtest.WriteBlock(h.Dir, from, next, block(fleet, next))
		if err != nil {
			return h, err
		}
		h.Samples += n
		from = next
	}
	fmt.Fprintf(os.Stderr, " %s samples in %.0f s\n", millions(h.Samples), time.Since(began).Seconds())
	text, err := json.Marshal(h)
	if err != nil {
		return h, err
	}
	return h, os.WriteFile(note, text, 0o600)
}

func millions(n int) string { return fmt.Sprintf("%.1f M", float64(n)/1e6) }
