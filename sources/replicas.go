package sources

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// Replicas read one source from several servers: an HA pair, or servers that watch a part each. What
// every one of them saw is a view of its own, so that a counter that two of them scrape is still one
// counter, of which one view is used at a time.
//
// A server that does not answer is left out: what it has of that time is not read later. The others
// have it, as views of the same counters, so no error is lost or counted twice.
type Replicas struct {
	members  []*Source
	patience time.Duration

	mu sync.Mutex
}

// patience is how long the other servers of a source may take once one has answered: so long, or
// twice as long as it took.
const patience = 5 * time.Second

// NewReplicas makes one source of the same source on several servers. Each was made with
// OneOfSeveral.
func NewReplicas(members ...*Source) *Replicas {
	return &Replicas{members: members, patience: patience}
}

// part is what became of the read of one server.
type part struct {
	recording
	stats observe.ReadStats
}

// Read reads all servers at once and hands over what they have, one after the other. It fails when none
// of them can be read, and then sink got nothing.
func (r *Replicas) Read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	parts := make([]part, len(r.members))
	errs := readSeveral(ctx, len(parts), r.patience, func(ctx context.Context, i int) (err error) {
		parts[i].stats, err = r.members[i].Read(ctx, fromMillis, toMillis, live, &parts[i].recording)
		return err
	})
	if err := ctx.Err(); err != nil {
		return observe.ReadStats{}, err
	}
	return r.merge(parts, errs, sink)
}

// merge hands over what was read, and says what was not.
func (r *Replicas) merge(parts []part, errs []error, sink observe.Sink) (observe.ReadStats, error) {
	var total observe.ReadStats
	for i := range parts {
		p, s := &parts[i], r.members[i]
		s.server.tell(s, errs[i])
		if errs[i] != nil {
			total.Warnings = append(total.Warnings, awayWarning(s.server, errs[i]))
			continue
		}
		p.play(sink)
		total.Series += p.stats.Series
		total.Samples += p.stats.Samples
		total.UnroutedSeries += p.stats.UnroutedSeries
		total.SiblingsPresent = total.SiblingsPresent || p.stats.SiblingsPresent
		if total.Protocol == "" {
			total.Protocol = p.stats.Protocol
		}
		for _, w := range p.stats.Warnings {
			total.Warnings = append(total.Warnings, s.server.URL()+": "+w)
		}
	}
	if slices.Contains(errs, nil) {
		return total, nil
	}
	return observe.ReadStats{}, errors.Join(errs...)
}

// readSeveral calls read for every server at once and waits for all, but when one is done not much
// longer for the others.
func readSeveral(ctx context.Context, servers int, patience time.Duration, read func(context.Context, int) error) []error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begun := time.Now()
	var hurry sync.Once
	errs := make([]error, servers)
	var group sync.WaitGroup
	for i := range servers {
		group.Go(func() {
			if errs[i] = read(ctx, i); errs[i] == nil {
				hurry.Do(func() {
					timer := time.AfterFunc(max(patience, 2*time.Since(begun)), func() { cancel(errSlower) })
					context.AfterFunc(ctx, func() { timer.Stop() })
				})
			}
		})
	}
	group.Wait()
	return errs
}

var errSlower = &problem{ReasonTimeout, "much slower than the other servers of the source"}

func awayWarning(s *Server, err error) string {
	reason := ReasonOther
	var e *Error
	if errors.As(err, &e) {
		reason = e.Reason
	}
	return fmt.Sprintf("%s could not be read (%s): others stood in for it", s.URL(), reason)
}

// tell logs once that sources cannot be read from the server while others stand in for it, and once
// that all can be again.
func (s *Server) tell(of *Source, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.away)
	if err == nil {
		delete(s.away, of)
	} else {
		if s.away == nil {
			s.away = make(map[*Source]bool)
		}
		s.away[of] = true
	}
	switch after := len(s.away); {
	case before == 0 && after > 0:
		s.logger.Warn("A server cannot be read; others stand in for it", "url", s.shown, "err", err)
	case before > 0 && after == 0:
		s.logger.Info("A server can be read again", "url", s.shown)
	}
}

// stoodInFor tells whether sources could not be read from the server the last time, while others stood in.
func (s *Server) stoodInFor() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.away) > 0
}

// Reader reads a timing source: from one server, or from several.
type Reader interface {
	Read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error)
}

// NewOf makes a source of one or several servers; the Server of the options does not matter.
func NewOf(servers []*Server, o Options) (Reader, error) {
	members := make([]*Source, len(servers))
	for i := range servers {
		var err error
		if members[i], err = New(o.on(servers, i)); err != nil {
			return nil, err
		}
	}
	return oneOrMore(members), nil
}

// NewCompanionsOf is NewCompanions for one or several servers.
func NewCompanionsOf(servers []*Server, o Options, fingerprints []score.Fingerprint) (readers []Reader, connectTimeouts bool, err error) {
	var members [][]*Source // by companion
	for i := range servers {
		all, err := NewCompanions(o.on(servers, i), fingerprints)
		if err != nil {
			return nil, false, err
		}
		connectTimeouts = all.ConnectTimeouts
		if members == nil {
			members = make([][]*Source, len(all.Readers))
		}
		for k, one := range all.Readers {
			members[k] = append(members[k], one)
		}
	}
	for _, companion := range members {
		readers = append(readers, oneOrMore(companion))
	}
	return readers, connectTimeouts, nil
}

// on returns the options for one of the servers.
func (o Options) on(servers []*Server, i int) Options {
	o.Server, o.OneOfSeveral = servers[i], len(servers) > 1
	return o
}

func oneOrMore(members []*Source) Reader {
	if len(members) == 1 {
		return members[0]
	}
	return NewReplicas(members...)
}
