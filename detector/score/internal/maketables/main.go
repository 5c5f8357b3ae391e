// Command maketables solves the score tables of the usual scrape intervals and fingerprints and
// writes them to the file that package score embeds.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: maketables FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "maketables:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	data, err := solveAll()
	if err != nil {
		return err
	}
	var file bytes.Buffer
	w, err := gzip.NewWriterLevel(&file, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, file.Bytes(), 0o644)
}

// solveAll returns the encoded tables, one after the other.
func solveAll() ([]byte, error) {
	fingerprints := []score.Fingerprint{
		{Lo: 5 * time.Second, Hi: 6500 * time.Millisecond},
		{Lo: 10 * time.Second, Hi: 11500 * time.Millisecond},
		{Lo: 15 * time.Second, Hi: 16 * time.Second},
	}
	var data []byte
	for _, fp := range fingerprints {
		for _, deltaMillis := range score.UsualMillis() {
			t, err := score.Solve(deltaMillis, fp)
			if err != nil {
				return nil, err
			}
			if data, err = t.AppendBinary(data); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}
