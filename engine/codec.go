package engine

import (
	"encoding/binary"
	"errors"
	"math"
)

// writer appends the parts of a snapshot.
type writer []byte

func (w *writer) number(n int64)  { *w = binary.BigEndian.AppendUint64(*w, uint64(n)) }
func (w *writer) float(v float64) { w.number(int64(math.Float64bits(v))) }

func (w *writer) block(b []byte) {
	w.number(int64(len(b)))
	*w = append(*w, b...)
}

func (w *writer) text(s string) { w.block([]byte(s)) }

var errShort = errors.New("it ends too early")

// parser reads what a writer wrote. After the first mistake it returns zeros and keeps the error.
type parser struct {
	rest []byte
	err  error
}

func (p *parser) number() int64 {
	if len(p.rest) < 8 {
		p.rest, p.err = nil, errShort
		return 0
	}
	n := binary.BigEndian.Uint64(p.rest)
	p.rest = p.rest[8:]
	return int64(n)
}

func (p *parser) float() float64 { return math.Float64frombits(uint64(p.number())) }

func (p *parser) block() []byte {
	n := p.number()
	if n < 0 || n > int64(len(p.rest)) {
		p.rest, p.err = nil, errShort
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) text() string { return string(p.block()) }
