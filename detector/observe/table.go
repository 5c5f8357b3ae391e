package observe

// table holds items by ID. IDs are given in sequence and never again; forgotten ones cost a nil until
// all before them are forgotten too.
type table[T comparable] struct {
	base  int32 // ID of the first item
	items []T
}

// next returns the ID that add will give.
func (t *table[T]) next() int32 { return t.base + int32(len(t.items)) }

func (t *table[T]) add(item T) { t.items = append(t.items, item) }

// get returns the item, or the zero value.
func (t *table[T]) get(id int32) T {
	var none T
	if i := id - t.base; i >= 0 && int(i) < len(t.items) {
		return t.items[i]
	}
	return none
}

// forget drops the item.
func (t *table[T]) forget(id int32) {
	var none T
	if i := id - t.base; i >= 0 && int(i) < len(t.items) {
		t.items[i] = none
	}
	for len(t.items) > 0 && t.items[0] == none {
		t.items, t.base = t.items[1:], t.base+1
	}
}
