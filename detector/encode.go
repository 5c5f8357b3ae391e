package detector

import (
	"encoding/binary"
	"math"
)

// encoder appends values to a byte slice.
type encoder struct{ b []byte }

func (e *encoder) uint(x uint64)   { e.b = binary.AppendUvarint(e.b, x) }
func (e *encoder) int(x int64)     { e.b = binary.AppendVarint(e.b, x) }
func (e *encoder) len(n int)       { e.uint(uint64(n)) }
func (e *encoder) float(x float64) { e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(x)) }
func (e *encoder) bytes(b []byte)  { e.len(len(b)); e.b = append(e.b, b...) }
func (e *encoder) string(s string) { e.len(len(s)); e.b = append(e.b, s...) }
func (e *encoder) floats(x []float64) {
	for _, v := range x {
		e.float(v)
	}
}

func (e *encoder) bool(x bool) {
	b := byte(0)
	if x {
		b = 1
	}
	e.b = append(e.b, b)
}

// decoder takes values from a byte slice. After the first failure it returns zero values.
type decoder struct {
	b    []byte
	left int // bytes left when it failed, for the message
	bad  bool
}

func (d *decoder) fail() {
	if !d.bad {
		d.left, d.bad, d.b = len(d.b), true, nil
	}
}

// check fails unless a condition holds.
func (d *decoder) check(ok bool) bool {
	if !ok {
		d.fail()
	}
	return ok && !d.bad
}

func (d *decoder) uint() uint64 {
	x, n := binary.Uvarint(d.b)
	if !d.check(n > 0) {
		return 0
	}
	d.b = d.b[n:]
	return x
}

func (d *decoder) int() int64 {
	x, n := binary.Varint(d.b)
	if !d.check(n > 0) {
		return 0
	}
	d.b = d.b[n:]
	return x
}

// small returns a number that is at most limit.
func (d *decoder) small(limit uint64) uint64 {
	x := d.uint()
	if !d.check(x <= limit) {
		return 0
	}
	return x
}

func (d *decoder) id() int32      { return int32(d.small(math.MaxInt32)) }
func (d *decoder) uint32() uint32 { return uint32(d.small(math.MaxUint32)) }

// len returns a number of items of which each takes at least size bytes.
func (d *decoder) len(size int) int {
	return int(d.small(uint64(len(d.b) / max(1, size))))
}

func (d *decoder) float() float64 {
	if !d.check(len(d.b) >= 8) {
		return 0
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(d.b))
	d.b = d.b[8:]
	d.check(!math.IsNaN(x) && !math.IsInf(x, 0))
	return x
}

func (d *decoder) floats(x []float64) {
	for i := range x {
		x[i] = d.float()
	}
}

func (d *decoder) bytes() []byte {
	n := d.len(1)
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) string() string { return string(d.bytes()) }

func (d *decoder) bool() bool {
	if !d.check(len(d.b) > 0 && d.b[0] <= 1) {
		return false
	}
	x := d.b[0] == 1
	d.b = d.b[1:]
	return x
}
