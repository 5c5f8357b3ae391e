package detector

// ring is a first-in, first-out queue that reuses its memory. The zero value is empty.
type ring[T any] struct {
	items []T // the length is 0 or a power of two
	head  int // index of the oldest item
	n     int
}

func (r *ring[T]) len() int { return r.n }

// at returns item i, counted from the oldest one.
func (r *ring[T]) at(i int) *T { return &r.items[(r.head+i)&(len(r.items)-1)] }

// push appends an item and returns it: what it held before is up to the caller.
func (r *ring[T]) push() *T {
	if r.n == len(r.items) {
		r.grow()
	}
	r.n++
	return r.at(r.n - 1)
}

// unpush takes the newest item back.
func (r *ring[T]) unpush() { r.n-- }

// pop drops the oldest item. Its memory stays valid until the next push.
func (r *ring[T]) pop() {
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.n--
}

func (r *ring[T]) grow() {
	items := make([]T, max(4, 2*len(r.items)))
	for i := range r.n {
		items[i] = *r.at(i)
	}
	r.items, r.head = items, 0
}
