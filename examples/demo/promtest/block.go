package promtest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/tombstones"
)

// Series is one series with its samples, in the order of time.
type Series struct {
	Labels  labels.Labels
	Samples iter.Seq2[int64, float64] // Unix milliseconds, value
}

// BlockMillis is the length of a block: one of the lengths to which Prometheus compacts, so that it
// leaves the blocks alone.
const BlockMillis = int64(18 * time.Hour / time.Millisecond)

// samplesPerChunk is where Prometheus cuts chunks.
const samplesPerChunk = 120

// WriteBlock writes the samples, all of which must be in (from, to], as one block of the storage in
// a directory, where no server may be running. It returns the number of samples; a block without
// any is not written.
func WriteBlock(dir string, fromMillis, toMillis int64, series []Series) (int, error) {
	id, err := ulid.New(ulid.Now(), rand.Reader)
	if err != nil {
		return 0, fmt.Errorf("name of a block: %w", err)
	}
	meta := tsdb.BlockMeta{
		ULID: id, MinTime: fromMillis + 1, MaxTime: toMillis + 1, Version: 1,
		Compaction: tsdb.BlockMetaCompaction{Level: 1, Sources: []ulid.ULID{id}},
	}
	final := filepath.Join(dir, id.String())
	temporary := final + ".tmp-for-creation" // removed by Prometheus when it is left over
	samples, err := writeBlock(temporary, meta, series)
	if err == nil && samples > 0 {
		err = os.Rename(temporary, final)
	}
	if err != nil || samples == 0 {
		err = errors.Join(err, os.RemoveAll(temporary))
	}
	if err != nil {
		return 0, fmt.Errorf("write block %s: %w", final, err)
	}
	return samples, nil
}

func writeBlock(dir string, meta tsdb.BlockMeta, series []Series) (int, error) {
	series = slices.SortedFunc(slices.Values(series), func(a, b Series) int { return labels.Compare(a.Labels, b.Labels) })
	metas, err := writeChunks(filepath.Join(dir, "chunks"), series)
	if err != nil {
		return 0, err
	}
	if err := writeIndex(filepath.Join(dir, "index"), series, metas); err != nil {
		return 0, err
	}
	for i := range series {
		if len(metas[i].chunks) > 0 {
			meta.Stats.NumSeries++
			meta.Stats.NumChunks += uint64(len(metas[i].chunks))
			meta.Stats.NumSamples += uint64(metas[i].samples)
		}
	}
	text, err := json.MarshalIndent(meta, "", "\t")
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "meta.json"), text, 0o600); err != nil {
		return 0, err
	}
	_, err = tombstones.WriteFile(nil, dir, tombstones.NewMemTombstones())
	return int(meta.Stats.NumSamples), err
}

// encoded is what the index needs to know of the chunks of a series.
type encoded struct {
	chunks  []chunks.Meta
	samples int
}

func writeChunks(dir string, series []Series) (all []encoded, err error) {
	writer, err := chunks.NewWriter(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, writer.Close()) }()
	all = make([]encoded, len(series))
	for i, s := range series {
		if all[i], err = encode(s.Samples); err != nil {
			return nil, err
		}
		if err := writer.WriteChunks(all[i].chunks...); err != nil {
			return nil, err
		}
		for c := range all[i].chunks {
			all[i].chunks[c].Chunk = nil // written; only its place is still needed
		}
	}
	return all, nil
}

// encode cuts samples into chunks.
func encode(samples iter.Seq2[int64, float64]) (encoded, error) {
	var out encoded
	var appender chunkenc.Appender
	for at, value := range samples {
		if out.samples%samplesPerChunk == 0 {
			chunk := chunkenc.NewXORChunk()
			next, err := chunk.Appender()
			if err != nil {
				return encoded{}, err
			}
			appender = next
			out.chunks = append(out.chunks, chunks.Meta{Chunk: chunk, MinTime: at})
		}
		appender.Append(0, at, value)
		out.chunks[len(out.chunks)-1].MaxTime = at
		out.samples++
	}
	return out, nil
}

func writeIndex(path string, series []Series, metas []encoded) (err error) {
	writer, err := index.NewWriter(context.Background(), path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writer.Close()) }()
	for _, symbol := range symbols(series) {
		if err := writer.AddSymbol(symbol); err != nil {
			return err
		}
	}
	for i, s := range series {
		if len(metas[i].chunks) == 0 {
			continue
		}
		if err := writer.AddSeries(storage.SeriesRef(i), s.Labels, metas[i].chunks...); err != nil {
			return err
		}
	}
	return nil
}

// symbols are all label names and values, sorted.
func symbols(series []Series) []string {
	var all []string
	for _, s := range series {
		s.Labels.Range(func(l labels.Label) { all = append(all, l.Name, l.Value) })
	}
	slices.Sort(all)
	return slices.Compact(all)
}
