package sources

import (
	"encoding/binary"
	"math"
)

// A small reader of protobuf messages that walks them in place: remote read answers consist of many
// small messages, and copying each into structs costs more than decoding the samples in it.

// Wire types of protobuf.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

var errWire = badData("the message is not valid protobuf")

// field is one field of a message: number holds a varint or fixed value, bytes a nested message or a
// string.
type field struct {
	id     int
	wire   int
	number uint64
	bytes  []byte
}

// nextField splits the first field off a message.
func nextField(message []byte) (f field, rest []byte, err error) {
	key, n := uvarint(message)
	if n <= 0 || key>>3 == 0 || key>>3 > 1<<29-1 {
		return f, nil, errWire
	}
	f.id, f.wire, rest = int(key>>3), int(key&7), message[n:]
	switch f.wire {
	case wireVarint:
		f.number, n = uvarint(rest)
		if n <= 0 {
			return f, nil, errWire
		}
		return f, rest[n:], nil
	case wireFixed64:
		if len(rest) < 8 {
			return f, nil, errWire
		}
		f.number = binary.LittleEndian.Uint64(rest)
		return f, rest[8:], nil
	case wireFixed32:
		if len(rest) < 4 {
			return f, nil, errWire
		}
		f.number = uint64(binary.LittleEndian.Uint32(rest))
		return f, rest[4:], nil
	case wireBytes:
		size, n := uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return f, nil, errWire
		}
		f.bytes = rest[n : n+int(size)]
		return f, rest[n+int(size):], nil
	}
	return f, nil, errWire
}

// nested visits the nested messages that are field id of a message, in order.
func nested(message []byte, id int, visit func(message []byte) error) error {
	for rest := message; len(rest) > 0; {
		f, tail, err := nextField(rest)
		if err != nil {
			return err
		}
		if f.id == id {
			if f.wire != wireBytes {
				return errWire
			}
			if err := visit(f.bytes); err != nil {
				return err
			}
		}
		rest = tail
	}
	return nil
}

// uvarint is binary.Uvarint with its common cases inlined.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// wireSample decodes a prometheus.Sample: {double value = 1; int64 timestamp = 2}.
func wireSample(message []byte) (t int64, v float64, err error) {
	for len(message) > 0 {
		var f field
		if f, message, err = nextField(message); err != nil {
			return 0, 0, err
		}
		switch {
		case f.id == 1 && f.wire == wireFixed64:
			v = math.Float64frombits(f.number)
		case f.id == 2 && f.wire == wireVarint:
			t = int64(f.number)
		case f.id <= 2:
			return 0, 0, errWire
		}
	}
	return t, v, nil
}

// wireLabel decodes a prometheus.Label: {string name = 1; string value = 2}.
func wireLabel(message []byte) (name, value []byte, err error) {
	for len(message) > 0 {
		var f field
		if f, message, err = nextField(message); err != nil {
			return nil, nil, err
		}
		switch {
		case f.id > 2:
		case f.wire != wireBytes:
			return nil, nil, errWire
		case f.id == 1:
			name = f.bytes
		default:
			value = f.bytes
		}
	}
	return name, value, nil
}
