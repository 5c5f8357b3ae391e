package diagnosis

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// encoder appends values to a byte slice.
type encoder struct{ b []byte }

func (e *encoder) int(x int64) { e.b = binary.AppendVarint(e.b, x) }

func (e *encoder) ints(x ...int64) {
	for _, v := range x {
		e.int(v)
	}
}

func (e *encoder) float(x float64) { e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(x)) }

func (e *encoder) bools(x ...bool) {
	for _, v := range x {
		b := byte(0)
		if v {
			b = 1
		}
		e.b = append(e.b, b)
	}
}

var errState = errors.New("not a state that this version wrote")

// decoder takes values from a byte slice. After the first failure it returns zero values.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) check(ok bool) {
	if !ok {
		d.bad, d.b = true, nil
	}
}

func (d *decoder) int() int64 {
	x, n := binary.Varint(d.b)
	if d.check(n > 0); d.bad {
		return 0
	}
	d.b = d.b[n:]
	return x
}

func (d *decoder) ints(into ...*int64) {
	for _, p := range into {
		*p = d.int()
	}
}

// counts takes numbers that are never negative.
func (d *decoder) counts(into ...*int64) {
	for _, p := range into {
		*p = d.int()
		d.check(*p >= 0)
	}
}

// len takes the length of a list of which each item takes at least size bytes.
func (d *decoder) len(size int) int {
	n := d.int()
	if d.check(n >= 0 && n <= int64(len(d.b)/size)); d.bad {
		return 0
	}
	return int(n)
}

func (d *decoder) float() float64 {
	if d.check(len(d.b) >= 8); d.bad {
		return 0
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(d.b))
	d.b = d.b[8:]
	return x
}

func (d *decoder) bool() bool {
	if d.check(len(d.b) > 0 && d.b[0] <= 1); d.bad {
		return false
	}
	x := d.b[0] == 1
	d.b = d.b[1:]
	return x
}

func (d *decoder) finish(what string) error {
	if d.bad || len(d.b) > 0 {
		return fmt.Errorf("%s: %w", what, errState)
	}
	return nil
}
