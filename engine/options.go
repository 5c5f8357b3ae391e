package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// Reader reads the counters of one source.
type Reader interface {
	// Read hands the raw samples in (fromMillis, toMillis] to the sink. A live read is a short one
	// at the present, for which latency counts; any other is a long stretch, for which throughput
	// counts. After an error the sink may have got a part.
	Read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error)
}

// Gauges reads the newest values of a source that is shown and never tested for pairs.
type Gauges interface {
	ReadGauges(ctx context.Context, atMillis int64) ([]finding.NLBSample, observe.ReadStats, error)
}

// Source is one source: a timing source has a Reader, any other has Gauges.
type Source struct {
	Name   string
	Kind   string // shown only
	Signal string // what its counters count
	Reader Reader
	Gauges Gauges

	// Companions read what else a timing source's targets count, for package diagnosis/coarse. They are read
	// only where that is needed, and their failures do not hold up the source. Nil: none.
	Companions []Reader
	// ConnectTimeouts says that the source counts connects that timed out.
	ConnectTimeouts bool

	// Surroundings tell why findings are what they are; only where there are companions. Nil: nobody does.
	Surroundings Surroundings

	// Latency reads the latency histograms of a timing source's targets, for a coarse.Latency. They are read only
	// while a finding is paired, and their failures do not hold up the source. Nil: none.
	Latency Reader

	Delay          time.Duration // how much later than the instant of Advance its samples are complete
	ScrapeInterval time.Duration // configured; 0: found from the samples
	RouteLimit     int           // routes beyond it are dropped and counted; 0: none
	UserDefined    bool          // written by the user, not a default

	Recorder Recorder // is told what happens; nil: none
}

// Recorder is told what happens in a source, in the order of time, by the goroutine that advances
// it. What it keeps is part of the state, so that a run that is resumed has it as well.
type Recorder interface {
	// Piece is told of the events of a piece before they are judged. The piece is valid during the call.
	Piece(p *observe.Piece)
	// Sample is told of the findings at an instant, see Options.SampleEvery.
	Sample(at time.Time, findings []finding.Finding)
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(data []byte) error
}

// Options are what an Engine is made of. Origin, ConfigHash, Sources and Fingerprints have no
// default, all else has one.
type Options struct {
	Origin     time.Time // the instant from which everything is read
	Start      time.Time // start of the window that the document speaks of; zero: the origin
	ConfigHash string    // a snapshot of another hash is refused

	Sources                 []Source
	Fingerprints            []score.Fingerprint
	Tables                  *score.Cache // nil: a new one
	FalseAlarmsPerMonth     float64      // over all timing sources, which share it equally
	FalseSuspicionsPerMonth float64      // over all sources with companions, which share it equally; 0: nothing is suspected
	ClearBelow              float64      // `clear` when pairs are surely a smaller share of the errors

	// Ignore tells which pairs are a known mechanism; nil: none.
	Ignore func(route, fingerprint string, atMillis int64) bool

	MaxPiece      time.Duration // longest stretch that is read at once; 0: 3.5 days
	LiveWithin    time.Duration // stretches up to this length are read live; 0: 5 min
	Concurrency   int           // sources that are read at once; 0: 4
	GaugesTimeout time.Duration // of the sources that are only shown; 0: 10 s

	SurroundingsTimeout time.Duration // of all that is asked of a source's Surroundings at once; 0: 10 s

	// Patience is how long Advance waits for a source that is slow before it publishes what the others
	// have; 0: as long as it takes.
	Patience time.Duration

	// PublishWithin is how old the watermark may be for its findings to be published: a service
	// that catches up would otherwise page for what is long past. 0: they always are.
	PublishWithin time.Duration

	// CompanionStep: companions are read up to multiples of it since 1970, UTC, so that a service does
	// not ask for them whenever it advances. Findings depend on it. 0: 5 min
	CompanionStep time.Duration

	SampleEvery time.Duration // recorders are told of findings at multiples of it since 1970, UTC; 0: never
	Persistence Persistence   // what to do about stretches that cannot be read
	Pace        Pace          // how hard to press the servers
	Journal     *Journal      // is brought up to date after every piece; nil: none

	Now      func() time.Time // nil: time.Now
	Logger   *slog.Logger     // nil: silent
	Progress func(Progress)   // called after every piece, by several goroutines; nil: none
}

// Progress says how far a source has come.
type Progress struct {
	Source        string
	Watermark, To time.Time
	Samples       int64 // read so far by this process, `up` included

	paired func() int
}

// Paired counts the findings of the source that are, or once were, paired. That takes a while, and
// can be asked only while the callback runs.
func (p Progress) Paired() int {
	if p.paired == nil {
		return 0
	}
	return p.paired()
}

// withDefaults returns the options with every zero replaced by its default.
func (o Options) withDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&o.MaxPiece, observe.Retention/2)
	set(&o.LiveWithin, 5*time.Minute)
	set(&o.CompanionStep, 5*time.Minute)
	set(&o.GaugesTimeout, 10*time.Second)
	set(&o.SurroundingsTimeout, 10*time.Second)
	set(&o.Persistence.Pause, time.Second)
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.Tables == nil {
		o.Tables = score.NewCache()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Start.IsZero() {
		o.Start = o.Origin
	}
	return o
}

// check returns all that is wrong with the options.
func (o Options) check() error {
	var errs []error
	if o.Origin.IsZero() {
		errs = append(errs, errors.New("no origin"))
	}
	if len(o.Fingerprints) == 0 {
		errs = append(errs, errors.New("no fingerprints"))
	}
	if o.MaxPiece > observe.Retention {
		errs = append(errs, fmt.Errorf("pieces of %s: must be at most %s", o.MaxPiece, observe.Retention))
	}
	names := make(map[string]bool)
	for _, s := range o.Sources {
		if names[s.Name] {
			errs = append(errs, fmt.Errorf("source %q: the name is used twice", s.Name))
		}
		names[s.Name] = true
		if (s.Reader == nil) == (s.Gauges == nil) {
			errs = append(errs, fmt.Errorf("source %q: must have either a reader or gauges", s.Name))
		}
	}
	if timingSources(o.Sources) == 0 {
		errs = append(errs, errors.New("no source to test for pairs"))
	}
	return errors.Join(errs...)
}

// diagnosedSources counts the sources with companions.
func diagnosedSources(sources []Source) int {
	n := 0
	for _, s := range sources {
		if len(s.Companions) > 0 {
			n++
		}
	}
	return n
}

func timingSources(sources []Source) int {
	n := 0
	for _, s := range sources {
		if s.Reader != nil {
			n++
		}
	}
	return n
}
