package sources

import "github.com/ghostpair/ghostpair/detector/observe"

// recording is a sink that keeps what it gets, so that a read that fails in the middle leaves no trace.
type recording struct {
	entries []recorded
	runs    []observe.Run
}

// recorded is one call: of Scrapes where id is nil. Its runs end where those of the next one begin.
type recorded struct {
	view observe.TargetView
	id   *observe.SeriesID
	end  int
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
		if runs := r.runs[from:e.end]; e.id == nil {
			sink.Scrapes(e.view, runs)
		} else {
			sink.Series(e.id, runs)
		}
		from = e.end
	}
}
