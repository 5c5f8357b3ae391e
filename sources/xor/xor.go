// Package xor reads the XOR chunks of Prometheus by stretches instead of sample by sample.
//
// In an XOR chunk a sample that came exactly one interval after the one before it, with the same
// value, is two zero bits: no change of the spacing, no change of the value. An error counter is
// flat nearly all the time, so most of a chunk is zeros, and counting leading zeros skips up to 28
// samples at a time. Everything else is decoded as usual.
package xor

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// ErrTruncated says that a chunk ended before its last sample.
var ErrTruncated = errors.New("xor chunk: ends before its last sample")

// A Stretch is one decoded sample and the samples that follow it at the same spacing with the same
// value: Count samples at FirstMillis, FirstMillis+StepMillis, and so on. StepMillis is the distance
// to the sample before, also where Count is 1; it is 0 for the first sample of a chunk.
type Stretch struct {
	FirstMillis int64
	StepMillis  int64
	Count       int
	Value       float64
}

// Scanner walks the stretches of one chunk. The zero value is an empty chunk; Reset starts another.
type Scanner struct {
	data      []byte
	position  int // in bits
	remaining int // samples not yet scanned
	read      int // samples scanned

	timeMillis, deltaMillis int64
	value                   uint64
	leading, significant    uint8
	err                     error
}

// Reset starts scanning chunk, the bytes of an XOR chunk as remote read carries them: the number of
// samples in two bytes, then the bit stream. The bytes must not change while they are scanned.
func (s *Scanner) Reset(chunk []byte) {
	*s = Scanner{}
	if len(chunk) < 2 {
		s.err = ErrTruncated
		return
	}
	s.data = chunk[2:]
	s.remaining = int(binary.BigEndian.Uint16(chunk))
}

// Err returns what ended the scan early, or nil.
func (s *Scanner) Err() error { return s.err }

// Next decodes the next stretch into out. It returns false at the end of the chunk or when the chunk
// is damaged: then Err is set, and the stretches returned before are good.
func (s *Scanner) Next(out *Stretch) bool {
	if s.remaining == 0 || s.err != nil {
		return false
	}
	var head uint64 // the bits at the position, of which some are known
	known := 0
	switch s.read {
	case 0:
		s.first()
	case 1:
		s.second()
	default:
		head, known = s.peek(), peeked
		if head>>62 == 0b10 && head>>47&1 == 0 { // as a scrape comes a little early or late
			s.advance(signed(head<<2>>50, 14))
			s.position += 17
			head, known = head<<17, known-17
			break
		}
		s.nextValue(s.timestamp(head))
		known = 0
	}
	if s.position > 8*len(s.data) {
		s.err = ErrTruncated
	}
	if s.err != nil {
		return false
	}
	s.read++
	s.remaining--
	out.FirstMillis, out.StepMillis, out.Value = s.timeMillis, s.deltaMillis, math.Float64frombits(s.value)
	out.Count = 1
	if s.read >= 2 && s.remaining > 0 {
		if known == 0 {
			head, known = s.peek(), peeked
		}
		if head>>62 == 0 {
			out.Count += s.skipUnchanged(head, known)
		}
	}
	return true
}

// skipUnchanged consumes the pairs of zero bits at the current position, of which head shows the first known
// bits, and returns how many there were.
func (s *Scanner) skipUnchanged(head uint64, known int) int {
	skipped := 0
	limit := min(s.remaining, (8*len(s.data)-s.position)/2)
	for skipped < limit {
		pairs := min(bits.LeadingZeros64(head)/2, known/2, limit-skipped)
		skipped += pairs
		s.position += 2 * pairs
		if pairs < known/2 {
			break
		}
		head, known = s.peek(), peeked
	}
	s.remaining -= skipped
	s.read += skipped
	s.timeMillis += int64(skipped) * s.deltaMillis
	return skipped
}

// first reads a whole timestamp and a whole value.
func (s *Scanner) first() {
	timeMillis, n := binary.Varint(s.data)
	if n <= 0 {
		s.err = ErrTruncated
		return
	}
	s.position = 8 * n
	s.timeMillis = timeMillis
	s.value = s.take(64)
}

// second reads the first spacing and a changed or unchanged value.
func (s *Scanner) second() {
	start := min(s.position/8, len(s.data)) // the first sample ends on a byte
	delta, n := binary.Uvarint(s.data[start:])
	if n <= 0 {
		s.err = ErrTruncated
		return
	}
	s.position += 8 * n
	s.deltaMillis = int64(delta)
	s.timeMillis += s.deltaMillis
	s.nextValue(s.peek(), peeked)
}

// timestamp reads how much the spacing changed, from the bits at the current position: a prefix of up to four
// bits names the width. It returns the bits that follow, and how many of them are valid.
func (s *Scanner) timestamp(head uint64) (rest uint64, valid int) {
	width, prefix := uint8(0), 1
	switch {
	case head>>63 == 0:
	case head>>62 == 0b10:
		width, prefix = 14, 2
	case head>>61 == 0b110:
		width, prefix = 17, 3
	case head>>60 == 0b1110:
		width, prefix = 20, 4
	default:
		s.position += 4
		s.advance(int64(s.take(64)))
		return s.peek(), peeked
	}
	change := int64(0)
	if width > 0 {
		change = signed(head<<prefix>>(64-width), width)
	}
	s.advance(change)
	used := prefix + int(width)
	s.position += used
	return head << used, peeked - used
}

// advance moves to the next sample, with the spacing changed by change.
func (s *Scanner) advance(change int64) {
	s.deltaMillis += change
	s.timeMillis += s.deltaMillis
}

// nextValue reads the value as the difference of its bits to the one before. head are the bits at
// the current position, of which valid ≥ 33 are known.
func (s *Scanner) nextValue(head uint64, valid int) {
	if head>>63 == 0 { // unchanged
		s.position++
		return
	}
	used := 2
	if head>>62 == 0b11 { // else the significant bits stand where they stood before
		s.leading = uint8(head >> 57 & 31)
		s.significant = uint8(head >> 51 & 63)
		if s.significant == 0 { // 64 does not fit into six bits
			s.significant = 64
		}
		used = 13
	}
	s.position += used
	width := int(s.significant)
	shift := 64 - int(s.leading) - width
	if shift < 0 || width == 0 {
		s.err = ErrTruncated
		return
	}
	if used+width <= valid {
		s.position += width
		s.value ^= head << used >> (64 - width) << shift
		return
	}
	s.value ^= s.take(uint8(width)) << shift
}

// signed reads an n-bit number whose range is (-2^(n-1), 2^(n-1)].
func signed(raw uint64, n uint8) int64 {
	if raw > 1<<(n-1) {
		return int64(raw) - 1<<n
	}
	return int64(raw)
}

// peeked is how many bits peek returns at least.
const peeked = 57

// peek returns at least 57 bits from the current position, high bits first, zeros past the end.
func (s *Scanner) peek() uint64 {
	at := s.position >> 3
	if at+8 <= len(s.data) {
		return binary.BigEndian.Uint64(s.data[at:]) << (s.position & 7)
	}
	var tail [8]byte
	if at < len(s.data) {
		copy(tail[:], s.data[at:])
	}
	return binary.BigEndian.Uint64(tail[:]) << (s.position & 7)
}

// take consumes n ≤ 64 bits.
func (s *Scanner) take(n uint8) uint64 {
	if n > 56 {
		high := s.take(32)
		return high<<(n-32) | s.take(n-32)
	}
	got := s.peek() >> (64 - n)
	s.position += int(n)
	return got
}
