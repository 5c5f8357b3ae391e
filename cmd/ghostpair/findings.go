package main

import (
	"encoding/json"
	"io"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
)

// write prints the document as --output says.
func (b *backfill) write(w io.Writer, d finding.Document, fingerprints []config.Fingerprint) error {
	switch b.output {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(d)
	case "jsonl":
		encoder := json.NewEncoder(w)
		for i := range d.Findings {
			if err := encoder.Encode(&d.Findings[i]); err != nil {
				return err
			}
		}
		return nil
	default:
		columns := defaultWidth
		if b.outputFile == "" {
			columns = width(w)
		}
		p := newPrinter(columns, len(b.verdicts) > 0, fingerprints)
		p.document(d)
		_, err := io.WriteString(w, p.out.String())
		return err
	}
}
