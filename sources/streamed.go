package sources

import (
	"errors"
	"io"

	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/sources/xor"
)

// handler takes what a reader reads: series by series, those of query 0 before those of query 1.
type handler interface {
	// series takes one series. The label set and the runs are valid during the call only.
	series(query int, set labelSet, runs []observe.Run, samples int64) error
	// natives takes the samples of a native histogram, where any are wanted.
	natives(query int, set labelSet, all []native) error
	wantsNatives() bool
	// warn takes what the server, or the reader, wants people to know.
	warn(text string)
}

// chunkDecoder decodes streamed remote read: one series is open at a time, whose chunks may come in
// several frames.
type chunkDecoder struct {
	out     handler
	lo, hi  int64
	queries int

	open      bool
	query     int // of the open series
	set       labelSet
	next      labelSet // of the series at hand, while it is compared with the open one
	runs      compressor
	iterators map[chunkenc.Encoding]chunkenc.Iterator
	scanner   xor.Scanner // of XOR chunks; everything else is left to chunkenc
	natives   []native    // of the open series
	skipped   int64       // histogram chunks
}

// stream reads frames until the end of the answer.
func (d *chunkDecoder) stream(in io.Reader, buffer []byte) ([]byte, error) {
	frames := newFrameReader(in, buffer)
	for {
		message, err := frames.next()
		if errors.Is(err, io.EOF) {
			return frames.buffer, d.close()
		}
		if err == nil {
			err = d.frame(message)
		}
		if err != nil {
			return frames.buffer, err
		}
	}
}

// frame decodes a prometheus.ChunkedReadResponse: {repeated ChunkedSeries = 1; int64 query_index = 2}.
// The index comes last on the wire but is needed first.
func (d *chunkDecoder) frame(message []byte) error {
	query := 0
	for rest := message; len(rest) > 0; {
		f, tail, err := nextField(rest)
		if err != nil {
			return err
		}
		if f.id == 2 && f.wire == wireVarint {
			query = int(int64(f.number))
		}
		rest = tail
	}
	if query < 0 || query >= d.queries || (d.open && query < d.query) {
		return badData("an answer to query %d of %d out of turn", query, d.queries)
	}
	return nested(message, 1, func(series []byte) error { return d.series(query, series) })
}

// series decodes a prometheus.ChunkedSeries: {repeated Label = 1; repeated Chunk = 2}.
func (d *chunkDecoder) series(query int, message []byte) error {
	if err := d.openSeries(query, message); err != nil {
		return err
	}
	return nested(message, 2, d.chunk)
}

// openSeries reads the labels, and begins a series unless they are those of the open one.
func (d *chunkDecoder) openSeries(query int, message []byte) error {
	d.next.raw = d.next.raw[:0]
	label := func(label []byte) error { d.next.appendLabel(label); return nil }
	if err := nested(message, 1, label); err != nil {
		return err
	}
	if d.open && d.query == query && string(d.next.raw) == string(d.set.raw) {
		return nil
	}
	if err := d.close(); err != nil {
		return err
	}
	d.set, d.next = d.next, d.set
	d.open, d.query = true, query
	d.runs.reset(d.lo, d.hi)
	d.natives = d.natives[:0]
	return nil
}

// close hands over the open series.
func (d *chunkDecoder) close() error {
	if !d.open {
		return nil
	}
	d.open = false
	if len(d.natives) > 0 {
		if err := d.out.natives(d.query, d.set, d.natives); err != nil {
			return err
		}
	}
	runs := d.runs.finish()
	if len(runs) == 0 {
		return nil
	}
	return d.out.series(d.query, d.set, runs, d.runs.samples)
}

// chunk decodes the samples of a prometheus.Chunk, unless it is outside of the window.
func (d *chunkDecoder) chunk(message []byte) error {
	c, ok := usualChunk(message)
	if !ok {
		var err error
		if c, err = anyChunk(message); err != nil {
			return err
		}
	}
	if c.last <= d.lo || c.first > d.hi {
		return nil
	}
	return d.samples(c.encoding, c.data)
}

// chunkHeader is the length of the count of samples, which every chunk starts with.
const chunkHeader = 2

func (d *chunkDecoder) samples(encoding prompb.Chunk_Encoding, data []byte) error {
	switch encoding {
	case prompb.Chunk_XOR, prompb.Chunk_XOR2:
	case prompb.Chunk_HISTOGRAM, prompb.Chunk_FLOAT_HISTOGRAM, prompb.Chunk_HISTOGRAM_ST, prompb.Chunk_FLOAT_HISTOGRAM_ST:
		if d.out.wantsNatives() {
			return d.histograms(encoding, data)
		}
		d.skipped++
		if d.skipped == 1 {
			d.out.warn(histogramWarning)
		}
		return nil
	default:
		return badData("a chunk of unknown encoding %d", encoding)
	}
	if len(data) < chunkHeader+1 {
		return badData("a chunk of %d bytes", len(data))
	}
	if encoding == prompb.Chunk_XOR {
		return d.stretches(data)
	}
	it, err := d.iterator(chunkenc.Encoding(encoding), data)
	if err != nil {
		return err
	}
	for it.Next() == chunkenc.ValFloat {
		d.runs.add(it.At())
	}
	if err := it.Err(); err != nil {
		return badData("a chunk that ends too soon: %v", err)
	}
	return nil
}

// stretches reads an XOR chunk, in which nearly every sample of an error counter is two zero bits.
func (d *chunkDecoder) stretches(data []byte) error {
	var s xor.Stretch
	d.scanner.Reset(data)
	for d.scanner.Next(&s) {
		d.runs.stretch(s.FirstMillis, s.StepMillis, s.Count, s.Value)
	}
	if err := d.scanner.Err(); err != nil {
		return badData("a chunk that ends too soon: %v", err)
	}
	return nil
}

// histograms reads a chunk of native histograms, of whole numbers or not.
func (d *chunkDecoder) histograms(encoding prompb.Chunk_Encoding, data []byte) error {
	if len(data) < chunkHeader+1 {
		return badData("a chunk of %d bytes", len(data))
	}
	it, err := d.iterator(chunkenc.Encoding(encoding), data)
	if err != nil {
		return err
	}
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if t, h := it.AtFloatHistogram(nil); t > d.lo && t <= d.hi {
			if d.natives, err = appendNative(d.natives, t, h); err != nil {
				return err
			}
		}
	}
	if err := it.Err(); err != nil {
		return badData("a chunk that ends too soon: %v", err)
	}
	return nil
}

const histogramWarning = "the selector matches native histograms; only counters are read"

func (d *chunkDecoder) iterator(encoding chunkenc.Encoding, data []byte) (chunkenc.Iterator, error) {
	chunk, err := chunkenc.FromData(encoding, data)
	if err != nil {
		return nil, badData("%v", err)
	}
	if d.iterators == nil {
		d.iterators = make(map[chunkenc.Encoding]chunkenc.Iterator)
	}
	it := chunk.Iterator(d.iterators[encoding])
	d.iterators[encoding] = it
	return it, nil
}
