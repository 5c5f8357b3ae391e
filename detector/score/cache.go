package score

import "sync"

// Cache hands out tables: the usual ones from a set made at build time, others solved once, when
// first asked for. The zero value is ready for use. It is safe for concurrent use.
type Cache struct {
	mu      sync.Mutex
	entries map[tableKey]*entry
}

// tableKey is what the scores depend on.
type tableKey struct {
	deltaMillis int64
	lo, hi      int64 // nanoseconds
}

func keyOf(deltaMillis int64, fp Fingerprint) tableKey {
	return tableKey{deltaMillis: deltaMillis, lo: int64(fp.Lo), hi: int64(fp.Hi)}
}

// entry is a table that is there or being solved.
type entry struct {
	once  sync.Once
	table *Table
	err   error
}

// NewCache returns a cache.
func NewCache() *Cache { return &Cache{} }

// Table returns the table of a fingerprint at a scrape interval. Callers that ask for the same
// missing table at the same time wait for one solve; an impossible one gives the same error always.
func (c *Cache) Table(deltaMillis int64, fp Fingerprint) (*Table, error) {
	e := c.entry(keyOf(deltaMillis, fp))
	e.once.Do(func() { e.table, e.err = Solve(deltaMillis, fp) })
	return e.table, e.err
}

// Add puts a table into the cache in place of the one that it would hand out.
func (c *Cache) Add(t *Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fill()
	c.put(t)
}

func (c *Cache) entry(key tableKey) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fill()
	e := c.entries[key]
	if e == nil {
		e = &entry{}
		c.entries[key] = e
	}
	return e
}

// fill puts the embedded tables into the map, once. The caller holds mu.
func (c *Cache) fill() {
	if c.entries != nil {
		return
	}
	c.entries = make(map[tableKey]*entry)
	tables, err := embeddedTables()
	if err != nil {
		return // all tables are solved when asked for then, which is only slower
	}
	for _, t := range tables {
		c.put(t)
	}
}

// put stores a finished table. The caller holds mu.
func (c *Cache) put(t *Table) {
	e := &entry{table: t}
	e.once.Do(func() {})
	c.entries[keyOf(t.DeltaMillis, t.Fingerprint)] = e
}
