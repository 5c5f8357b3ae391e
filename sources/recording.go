package sources

import "github.com/ghostpair/ghostpair/detector/observe"

// recording is a sink that keeps what it gets, so that a read that fails in the middle leaves no trace.
type recording struct {
	entries []recorded
	runs    []observe.Run
}

// recorded is one call: of Scrapes where id is nil, of Alias where known is not. Its runs end where those of
// the next one begin.
type recorded struct {
	view  observe.TargetView
	known *observe.TargetView
	id    *observe.SeriesID
	end   int
}

// Alias implements observe.AliasSink.
func (r *recording) Alias(known, as observe.TargetView) {
	r.entries = append(r.entries, recorded{view: as, known: &known, end: len(r.runs)})
}

// Scrapes implements observe.Sink.
func (r *recording) Scrapes(view observe.TargetView, runs []observe.Run) {
	r.runs = append(r.runs, runs...)
	r.entries = append(r.entries, recorded{view: view, end: len(r.runs)})
}

// Series implements observe.Sink.
func (r *recording) Series(id *observe.SeriesID, runs []observe.Run) {
	r.runs = append(r.runs, runs...)
	r.entries = append(r.entries, recorded{id: id, end: len(r.runs)})
}

// play hands everything over in the order in which it came.
func (r *recording) play(sink observe.Sink) {
	from := 0
	for _, e := range r.entries {
		switch runs := r.runs[from:e.end]; {
		case e.known != nil:
			if a, ok := sink.(observe.AliasSink); ok {
				a.Alias(*e.known, e.view)
			}
		case e.id == nil:
			sink.Scrapes(e.view, runs)
		default:
			sink.Series(e.id, runs)
		}
		from = e.end
	}
}
