package score

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

//go:generate go run ./internal/maketables tables.bin.gz

// embedded holds the tables of the usual scrape intervals and fingerprints, one after the other.
//
//go:embed tables.bin.gz
var embedded []byte

// embeddedTables decodes the tables made at build time.
func embeddedTables() ([]*Table, error) {
	reader, err := gzip.NewReader(bytes.NewReader(embedded))
	if err != nil {
		return nil, fmt.Errorf("embedded tables: %w", err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("embedded tables: %w", err)
	}
	var tables []*Table
	for len(data) > 0 {
		t, rest, err := decodeTable(data)
		if err != nil {
			return nil, fmt.Errorf("embedded tables: %w", err)
		}
		tables, data = append(tables, t), rest
	}
	return tables, nil
}
