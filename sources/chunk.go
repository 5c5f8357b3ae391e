package sources

import (
	"encoding/binary"

	"github.com/prometheus/prometheus/prompb"
)

// wireChunk is a prometheus.Chunk: {int64 min_time = 1; int64 max_time = 2; Encoding type = 3;
// bytes data = 4}.
type wireChunk struct {
	first, last int64
	encoding    prompb.Chunk_Encoding
	data        []byte
}

// usualChunk splits a chunk whose fields are all there, in order, and nothing else: there are millions of
// them, and taking any message apart costs as much as the samples in it.
func usualChunk(message []byte) (c wireChunk, ok bool) {
	const firstKey, lastKey, encodingKey, dataKey = 1<<3 | wireVarint, 2<<3 | wireVarint, 3<<3 | wireVarint, 4<<3 | wireBytes
	if len(message) == 0 || message[0] != firstKey {
		return c, false
	}
	first, n := binary.Uvarint(message[1:])
	rest := message[1+max(n, 0):]
	if n <= 0 || len(rest) == 0 || rest[0] != lastKey {
		return c, false
	}
	last, n := binary.Uvarint(rest[1:])
	rest = rest[1+max(n, 0):]
	if n <= 0 || len(rest) < 3 || rest[0] != encodingKey || rest[1] >= 0x80 || rest[2] != dataKey {
		return c, false
	}
	size, n := uvarint(rest[3:])
	if n <= 0 || size != uint64(len(rest)-3-n) {
		return c, false
	}
	return wireChunk{int64(first), int64(last), prompb.Chunk_Encoding(rest[1]), rest[3+n:]}, true
}

// anyChunk splits a chunk.
func anyChunk(message []byte) (c wireChunk, err error) {
	for rest := message; len(rest) > 0; {
		f, tail, err := nextField(rest)
		if err != nil {
			return c, err
		}
		switch {
		case f.id == 1 && f.wire == wireVarint:
			c.first = int64(f.number)
		case f.id == 2 && f.wire == wireVarint:
			c.last = int64(f.number)
		case f.id == 3 && f.wire == wireVarint:
			c.encoding = prompb.Chunk_Encoding(f.number)
		case f.id == 4 && f.wire == wireBytes:
			c.data = f.bytes
		case f.id <= 4:
			return c, errWire
		}
		rest = tail
	}
	return c, nil
}
