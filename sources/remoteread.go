package sources

import (
	"context"
	"fmt"
	"mime"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

const remoteReadPath = "/api/v1/read"

// remoteRead asks all queries in one request. A server that cannot stream answers with plain samples,
// so the type of the answer decides how it is read.
func (f *fetch) remoteRead(ctx context.Context, queries []query, lo, hi int64, streamed bool) error {
	body, err := encodeReadRequest(queries, lo, hi, streamed)
	if err != nil {
		return err
	}
	asked, reader := "remote read", ReaderSamples
	if streamed {
		asked, reader = "streamed remote read", ReaderStreamed
	}
	r := f.request(asked, reader, remoteReadPath, lo, hi)
	r.body = body
	r.header = map[string]string{
		"Content-Type":                     "application/x-protobuf",
		"Content-Encoding":                 "snappy",
		"X-Prometheus-Remote-Read-Version": "0.1.0",
	}
	return f.ask(ctx, r, func(a *answer) error {
		kind, _, _ := mime.ParseMediaType(a.contentType())
		switch kind {
		case "application/x-streamed-protobuf":
			return f.readStream(a, queries, lo, hi)
		case "application/x-protobuf":
			return f.readSamples(a, queries, lo, hi)
		}
		return badData("an answer of type %q instead of protobuf", cleanText(a.contentType()))
	})
}

func (f *fetch) readStream(a *answer, queries []query, lo, hi int64) (err error) {
	f.used = ReaderStreamed
	d := &chunkDecoder{out: indexed{f.out, queries}, lo: lo, hi: hi, queries: len(queries)}
	f.buffers.frame, err = d.stream(a.body, f.buffers.frame)
	return err
}

func (f *fetch) readSamples(a *answer, queries []query, lo, hi int64) (err error) {
	f.used = ReaderSamples
	if f.buffers.packed, err = readAll(a.body, f.server.maxAnswer, f.buffers.packed); err != nil {
		return err
	}
	size, err := snappy.DecodedLen(f.buffers.packed)
	if err != nil {
		return badData("not compressed with snappy: %v", err)
	}
	if int64(size) > f.server.maxAnswer {
		return &problem{ReasonTooLarge, fmt.Sprintf("the answer holds %d bytes, more than %d", size, f.server.maxAnswer)}
	}
	if f.buffers.plain, err = snappy.Decode(f.buffers.plain[:cap(f.buffers.plain)], f.buffers.packed); err != nil {
		return badData("not compressed with snappy: %v", err)
	}
	d := &sampleDecoder{out: indexed{f.out, queries}, lo: lo, hi: hi}
	return d.response(f.buffers.plain, len(queries))
}

// encodeReadRequest writes the question. Remote read is closed on both sides: [lo+1, hi] is (lo, hi].
func encodeReadRequest(queries []query, lo, hi int64, streamed bool) ([]byte, error) {
	var r prompb.ReadRequest
	r.AcceptedResponseTypes = []prompb.ReadRequest_ResponseType{prompb.ReadRequest_SAMPLES}
	if streamed {
		r.AcceptedResponseTypes = []prompb.ReadRequest_ResponseType{
			prompb.ReadRequest_STREAMED_XOR_CHUNKS, prompb.ReadRequest_SAMPLES,
		}
	}
	for _, q := range queries {
		pq := &prompb.Query{StartTimestampMs: lo + 1, EndTimestampMs: hi}
		for _, m := range q.matchers {
			pq.Matchers = append(pq.Matchers, &prompb.LabelMatcher{Type: matcherType(m.Type), Name: m.Name, Value: m.Value})
		}
		r.Queries = append(r.Queries, pq)
	}
	message, err := r.Marshal()
	if err != nil {
		return nil, fmt.Errorf("remote read request: %w", err)
	}
	return snappy.Encode(nil, message), nil
}

func matcherType(t labels.MatchType) prompb.LabelMatcher_Type {
	switch t {
	case labels.MatchNotEqual:
		return prompb.LabelMatcher_NEQ
	case labels.MatchRegexp:
		return prompb.LabelMatcher_RE
	case labels.MatchNotRegexp:
		return prompb.LabelMatcher_NRE
	}
	return prompb.LabelMatcher_EQ
}
