package detector

// cell is a scrape interval in which the errors of a route grew on one target.
type cell struct {
	atMillis int64 // right end of the interval
	unit     *unit
	next     int32 // distance to the next cell of the unit, 0: none yet
}

// cells are the recent cells of one route, in time order. Positions count from the first cell ever.
type cells struct {
	ring  ring[cell]
	first uint64 // position of the oldest cell
}

func (c *cells) end() uint64 { return c.first + uint64(c.ring.len()) }

// at returns the cell at a position, which must not be before first.
func (c *cells) at(position uint64) *cell { return c.ring.at(int(position - c.first)) }

// add appends a cell, after it has dropped what nobody needs any more, and returns its position.
func (c *cells) add(u *unit, atMillis int64) uint64 {
	for c.ring.len() > 0 && c.ring.at(0).atMillis < atMillis-c.ring.at(0).unit.clock.keepMillis {
		c.ring.pop()
		c.first++
	}
	position := c.end()
	if u.cells > 0 && u.lastCell >= c.first {
		c.at(u.lastCell).next = int32(position - u.lastCell)
	}
	*c.ring.push() = cell{atMillis: atMillis, unit: u}
	u.lastCell = position
	u.cells++
	return position
}
