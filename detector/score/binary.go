package score

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// binaryVersion is the first byte of an encoded table.
const binaryVersion = 1

var errTruncated = errors.New("score table: truncated")

// AppendBinary appends the encoding of the table: bounds, growth, and scores as little-endian
// float64. The rest follows from the bounds. It never fails.
func (t *Table) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, binaryVersion)
	for _, v := range []int64{t.DeltaMillis, int64(t.Fingerprint.Lo), int64(t.Fingerprint.Hi)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	b = appendFloats(b, t.GrowthSame, t.GrowthAny)
	for _, byRho := range t.Scores {
		for _, row := range byRho {
			b = appendFloats(b, row...)
		}
	}
	return b, nil
}

// MarshalBinary encodes the table; see AppendBinary.
func (t *Table) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary decodes what MarshalBinary wrote.
func (t *Table) UnmarshalBinary(data []byte) error {
	decoded, rest, err := decodeTable(data)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("score table: %d bytes after its end", len(rest))
	}
	*t = *decoded
	return nil
}

// decodeTable decodes the table at the start of data and returns what follows it.
func decodeTable(data []byte) (t *Table, rest []byte, err error) {
	const header = 1 + 5*8
	if len(data) < header {
		return nil, nil, errTruncated
	}
	if data[0] != binaryVersion {
		return nil, nil, fmt.Errorf("score table: version %d, want %d", data[0], binaryVersion)
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(data[1+8*i:]) }
	deltaMillis := int64(word(0))
	fp := Fingerprint{Lo: time.Duration(word(1)), Hi: time.Duration(word(2))}
	if err := validate(deltaMillis, fp); err != nil {
		return nil, nil, fmt.Errorf("score table: %w", err)
	}
	t = newTable(deltaMillis, fp)
	t.GrowthSame, t.GrowthAny = math.Float64frombits(word(3)), math.Float64frombits(word(4))
	rest = data[header:]
	row := t.Slots() * Phases
	if len(rest) < 8*len(t.Kernels)*rhoCount*row {
		return nil, nil, errTruncated
	}
	for range t.Kernels {
		byRho := make([][]float64, rhoCount)
		for r := range byRho {
			byRho[r], rest = takeFloats(rest, row)
		}
		t.Scores = append(t.Scores, byRho)
	}
	return t, rest, nil
}

func appendFloats(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func takeFloats(b []byte, n int) (values []float64, rest []byte) {
	values = make([]float64, n)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return values, b[8*n:]
}
