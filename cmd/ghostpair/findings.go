package main

import (
	"encoding/json"
	"io"

	"github.com/ghostpair/ghostpair/config"
)

// write prints what was found as --output says.
func (b *backfill) write(w io.Writer, c *config.Config, r *result) error {
	switch b.output {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r.Document)
	case "jsonl":
		encoder := json.NewEncoder(w)
		for i := range r.Findings {
			if err := encoder.Encode(&r.Findings[i]); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		return writeCSV(w, r.Findings)
	case "openmetrics":
		return writeOpenMetrics(w, r.Document, r.tracks())
	default:
		return b.writeText(w, c, r)
	}
}

func (b *backfill) writeText(w io.Writer, c *config.Config, r *result) error {
	columns := defaultWidth
	if b.outputFile == "" {
		columns = width(w)
	}
	p := newPrinter(columns, len(b.verdicts) > 0, c.Fingerprints)
	if b.explain != "" {
		x := explanation{document: r.Document, config: c, recorders: r.recorders, sources: r.sources}
		x.print(p)
	} else {
		p.document(r.Document)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// tracks returns what was recorded of all sources.
func (r *result) tracks() []track {
	var all []track
	for _, s := range r.sources {
		if recorded := r.recorders[s.Name]; recorded != nil {
			all = append(all, recorded.kept.Tracks...)
		}
	}
	return all
}
