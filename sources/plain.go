package sources

import (
	"github.com/prometheus/prometheus/prompb"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// sampleDecoder decodes remote read with plain samples: one message with everything in it.
type sampleDecoder struct {
	out     handler
	lo, hi  int64
	set     labelSet
	runs    compressor
	natives []native
	skipped bool
}

// response decodes a prometheus.ReadResponse: {repeated QueryResult = 1}, one result a query.
func (d *sampleDecoder) response(message []byte, queries int) error {
	query := 0
	for rest := message; len(rest) > 0; {
		f, tail, err := nextField(rest)
		if err != nil {
			return err
		}
		if f.id == 1 {
			if f.wire != wireBytes || query >= queries {
				return badData("an answer to a query that was not asked")
			}
			if err := d.result(query, f.bytes); err != nil {
				return err
			}
			query++
		}
		rest = tail
	}
	if query != queries {
		return badData("answers to %d of %d queries", query, queries)
	}
	return nil
}

// result decodes a prometheus.QueryResult: {repeated TimeSeries = 1}.
func (d *sampleDecoder) result(query int, message []byte) error {
	return nested(message, 1, func(series []byte) error { return d.series(query, series) })
}

// series decodes a prometheus.TimeSeries: {repeated Label = 1; repeated Sample = 2; …; repeated
// Histogram = 4}.
func (d *sampleDecoder) series(query int, message []byte) error {
	d.set.raw = d.set.raw[:0]
	d.runs.reset(d.lo, d.hi)
	d.natives = d.natives[:0]
	for rest := message; len(rest) > 0; {
		f, tail, err := nextField(rest)
		if err != nil {
			return err
		}
		rest = tail
		switch {
		case f.id > 4:
		case f.wire != wireBytes:
			return errWire
		case f.id == 1:
			d.set.appendLabel(f.bytes)
		case f.id == 2:
			t, v, err := wireSample(f.bytes)
			if err != nil {
				return err
			}
			d.runs.add(t, v)
		case f.id == 4 && d.out.wantsNatives():
			if err := d.histogram(f.bytes); err != nil {
				return err
			}
		case f.id == 4 && !d.skipped:
			d.skipped = true
			d.out.warn(histogramWarning)
		}
	}
	if len(d.natives) > 0 {
		if err := d.out.natives(query, d.set, d.natives); err != nil {
			return err
		}
	}
	if runs := d.runs.finish(); len(runs) > 0 {
		return d.out.series(query, d.set, runs, d.runs.samples)
	}
	return nil
}

// histogram decodes a prometheus.Histogram.
func (d *sampleDecoder) histogram(message []byte) error {
	var h prompb.Histogram
	if err := h.Unmarshal(message); err != nil {
		return badData("a native histogram: %v", err)
	}
	if h.Timestamp <= d.lo || h.Timestamp > d.hi {
		return nil
	}
	var err error
	d.natives, err = appendNative(d.natives, h.Timestamp, h.ToFloatHistogram())
	return err
}

var _ handler = discard{}

// discard is a handler that drops everything.
type discard struct{}

func (discard) series(int, labelSet, []observe.Run, int64) error { return nil }
func (discard) natives(int, labelSet, []native) error            { return nil }
func (discard) wantsNatives() bool                               { return false }
func (discard) warn(string)                                      {}
