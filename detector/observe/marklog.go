package observe

// markLog holds the marks of all series of a piece, in blocks, so that it grows without being copied. There
// may be hundreds of thousands, and the samples of a mark all lie in the piece: their times are kept as
// milliseconds since its start, which is enough for seven weeks.
type markLog struct {
	from   int64 // start of the piece
	blocks [][]packedMark
	used   int32
}

// packedMark is a mark in the log. Times that are never are 0: no sample is at the very start of a piece.
type packedMark struct {
	at, prior, before, vanished uint32
	value                       float64
	next                        int32
	missing                     uint8
}

const markBlock = 1 << 12

func (l *markLog) packed(i int32) *packedMark { return &l.blocks[i/markBlock][i%markBlock] }

// at returns a mark, by its index.
func (l *markLog) at(i int32) mark {
	p := l.packed(i)
	return mark{
		at: l.time(p.at), prior: l.time(p.prior), before: l.time(p.before), vanished: l.time(p.vanished),
		value: p.value, missing: p.missing, next: p.next,
	}
}

// link says which mark of the series comes after another.
func (l *markLog) link(i, next int32) { l.packed(i).next = next }

// add appends a mark and returns its index.
func (l *markLog) add(m mark) int32 {
	i := l.used
	if int(i/markBlock) == len(l.blocks) {
		l.blocks = append(l.blocks, make([]packedMark, markBlock))
	}
	if m.missing == 0 {
		m.vanished = never // nothing did
	}
	*l.packed(i) = packedMark{
		at: l.offset(m.at), prior: l.offset(m.prior), before: l.offset(m.before), vanished: l.offset(m.vanished),
		value: m.value, missing: m.missing, next: m.next,
	}
	l.used++
	return i
}

func (l *markLog) offset(t int64) uint32 {
	if t == never {
		return 0
	}
	return uint32(t - l.from)
}

func (l *markLog) time(offset uint32) int64 {
	if offset == 0 {
		return never
	}
	return l.from + int64(offset)
}

// reset drops all marks and keeps some blocks for the next piece.
func (l *markLog) reset() {
	if len(l.blocks) > maxIdleBlocks {
		clear(l.blocks[maxIdleBlocks:])
		l.blocks = l.blocks[:maxIdleBlocks]
	}
	l.used = 0
}
