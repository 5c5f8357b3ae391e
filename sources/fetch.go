package sources

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// query is one selector of a read. Queries are answered in order.
type query struct {
	index    int
	matchers []*labels.Matcher
}

// indexed passes series on under the index of their query, where a request asks only some of them.
type indexed struct {
	out     handler
	queries []query
}

func (i indexed) series(query int, set labelSet, runs []observe.Run, samples int64) error {
	return i.out.series(i.queries[query].index, set, runs, samples)
}

func (i indexed) natives(query int, set labelSet, all []native) error {
	return i.out.natives(i.queries[query].index, set, all)
}
func (i indexed) wantsNatives() bool { return i.out.wantsNatives() }
func (i indexed) warn(text string)   { i.out.warn(text) }

// buffers are reused from read to read. What grew beyond maxKept in one is given back: between the ticks
// of a hundred thousand series a tenth of a gigabyte would lie idle, and as much again that the collector
// would let become garbage.
type buffers struct{ frame, packed, plain []byte }

const maxKept = 8 << 20

func (b *buffers) trim() {
	for _, buffer := range []*[]byte{&b.frame, &b.packed, &b.plain} {
		if cap(*buffer) > maxKept {
			*buffer = nil
		}
	}
}

// minSpanMillis is the shortest window that a read which is too expensive is cut into.
const minSpanMillis = 60_000

// fetch is one read of some queries over one window: it picks the reader, splits what is too large
// and asks again for what can heal.
type fetch struct {
	server  *Server
	source  string
	onQuery func(Query)
	queries []query
	lo, hi  int64
	live    bool
	out     handler
	// handed counts what went to out and cannot be taken back: a request is only repeated when
	// nothing of its answer did.
	handed  func() int
	buffers *buffers
	span    *int64 // longest window of one range selector, learned from refusals
	used    string // the reader that answered
}

func (f *fetch) request(asked, reader, path string, lo, hi int64) *request {
	return &request{
		source: f.source, asked: asked, reader: reader, method: http.MethodPost, path: path,
		from: lo, to: hi, onQuery: f.onQuery,
	}
}

func (f *fetch) ask(ctx context.Context, r *request, consume func(*answer) error) error {
	before := f.handed()
	return f.server.ask(ctx, r, func() bool { return f.handed() == before }, consume)
}

// run reads everything.
func (f *fetch) run(ctx context.Context) error {
	if !f.server.mayRemoteRead() {
		return f.byQuery(ctx)
	}
	before := f.handed()
	err := f.byRemoteRead(ctx, f.queries, f.lo, f.hi, !f.live)
	if err == nil {
		f.server.remoteReadWorks()
		return nil
	}
	if !lacksEndpoint(err) || f.handed() != before {
		return err
	}
	if stay := f.server.mustStay(); stay != nil {
		return fmt.Errorf("%w; %w", err, stay)
	}
	if queryErr := f.byQuery(ctx); queryErr != nil {
		if lacksEndpoint(queryErr) {
			return err
		}
		return queryErr
	}
	f.server.remoteReadLacks(err)
	return nil
}

// byRemoteRead reads a window. When that is too much for the server, streaming is tried where it was
// not, then the queries one by one, then halves of the window.
func (f *fetch) byRemoteRead(ctx context.Context, queries []query, lo, hi int64, streamed bool) error {
	before := f.handed()
	err := f.remoteRead(ctx, queries, lo, hi, streamed)
	if !hasReason(err, ReasonTooExpensive) || f.handed() != before {
		return err
	}
	if !streamed {
		return f.byRemoteRead(ctx, queries, lo, hi, true)
	}
	if len(queries) > 1 {
		for _, q := range queries {
			if err := f.byRemoteRead(ctx, []query{q}, lo, hi, true); err != nil {
				return err
			}
		}
		return nil
	}
	if hi-lo < 2*minSpanMillis {
		return err
	}
	middle := lo + (hi-lo)/2
	if err := f.byRemoteRead(ctx, queries, lo, middle, true); err != nil {
		return err
	}
	return f.byRemoteRead(ctx, queries, middle, hi, true)
}

// byQuery reads by range selectors, in windows that the server accepts.
func (f *fetch) byQuery(ctx context.Context) error {
	f.used = ReaderQuery
	for _, q := range f.queries {
		for lo := f.lo; lo < f.hi; {
			hi := min(lo+*f.span, f.hi)
			before := f.handed()
			err := f.rangeSelector(ctx, q, lo, hi)
			switch {
			case err == nil:
				lo = hi
			case hasReason(err, ReasonTooExpensive) && f.handed() == before && hi-lo >= 2*minSpanMillis:
				*f.span = (hi - lo) / 2
			default:
				return err
			}
		}
	}
	return nil
}

var errStay = errors.New("remote read worked before, and without the external labels of the server the query API would give series other names: restart to read anew")

// mayRemoteRead tells whether remote read is to be tried.
func (s *Server) mayRemoteRead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.protocol != ProtocolQuery && !s.noRemoteRead
}

func (s *Server) remoteReadWorks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remoteRead = true
}

// mustStay says why the query API may not stand in for remote read, or nil.
func (s *Server) mustStay() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.protocol == ProtocolRemoteRead:
		return errors.New("protocol is remote_read; auto would use the query API")
	case s.remoteRead && (s.external == nil || !s.external.known):
		return errStay
	}
	return nil
}

// remoteReadLacks remembers that the server has no remote read.
func (s *Server) remoteReadLacks(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noRemoteRead {
		return
	}
	s.noRemoteRead = true
	s.logger.Warn("the server has no remote read; reading through the query API, which is slower", "url", s.shown, "err", why)
}
