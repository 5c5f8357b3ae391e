package observe

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/finding"
)

// grid returns count times from first, a step apart.
func grid(first, step int64, count int) []int64 {
	var out []int64
	for i := range count {
		out = append(out, first+int64(i)*step)
	}
	return out
}

// drawn is a series that is drawn by hand: one character a scrape, every second, from 1 s on. Digits
// are values, letters are 10 and up in hundreds (a = 1000), '.' is no sample, 'x' an invalid one.
func drawn(row string, first, step int64) []Run {
	var out []Run
	for i, c := range row {
		at := first + int64(i)*step
		switch {
		case c >= '0' && c <= '9':
			out = append(out, flat(float64(c-'0'), at)...)
		case c == 'x':
			out = append(out, flat(math.NaN(), at)...)
		case c >= 'a' && c <= 'w':
			out = append(out, flat(1000*float64(c-'a'+1), at)...)
		}
	}
	return out
}

// row is a series in a drawing.
type row struct{ route, view, counter, samples string }

// TestDrawings checks what is made of scrapes drawn by hand. All views are scraped at full seconds
// from 1 s on, at an interval of 1 s; `|` in up is a successful scrape, anything else none.
func TestDrawings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		up     map[string]string // per view; nil: no `up` at all
		rows   []row
		want   []string // left-at kind increment
		counts finding.Quality
	}{
		{
			// The counter is created with its first error, at the fourth scrape.
			"birth",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "...222"}},
			[]string{"3-4 r cell 2"},
			finding.Quality{Births: 1},
		},
		{
			"birth at the first scrape is a baseline",
			map[string]string{"": "||||"},
			[]row{{"r", "", "c", "7788"}},
			[]string{"2-3 r cell 1"},
			finding.Quality{},
		},
		{
			"a large birth is a baseline",
			map[string]string{"": "||||"},
			[]row{{"r", "", "c", "..aa"}},
			nil,
			finding.Quality{Baselines: 1},
		},
		{
			// Both grow between 2 s and 3 s: one cell with three errors.
			"two counters of one unit",
			map[string]string{"": "||||"},
			[]row{{"r", "", "c", "1133"}, {"r", "", "d", "5566"}},
			[]string{"2-3 r cell 3"},
			finding.Quality{},
		},
		{
			"routes are units of their own",
			map[string]string{"": "||||"},
			[]row{{"r", "", "c", "1133"}, {"s", "", "c", "5566"}},
			[]string{"2-3 r cell 2", "2-3 s cell 1"},
			finding.Quality{},
		},
		{
			// Not scraped at 3 s: the growth is somewhere in two seconds.
			"gap",
			map[string]string{"": "|| |||"},
			[]row{{"r", "", "c", "11.233"}},
			[]string{"2-4 r growth 1", "4-5 r cell 1"},
			finding.Quality{Gaps: 1},
		},
		{
			"failed scrape without samples",
			map[string]string{"": "||0|||"},
			[]row{{"r", "", "c", "11.233"}},
			[]string{"2-4 r growth 1", "4-5 r cell 1"},
			finding.Quality{Gaps: 1},
		},
		{
			// The target was scraped at 3 s, the series was not there: no thousands at 4 s.
			"missed sample",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "aa.bbb"}},
			[]string{"2-4 r growth 1000", "2-4 r break 0"},
			finding.Quality{},
		},
		{
			// The other counter of the unit saw the scrape at 3 s and grew there: its cell stands.
			"missed sample beside another counter",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "11.222"}, {"r", "", "d", "112333"}},
			[]string{"2-3 r cell 1", "3-4 r cell 1", "2-4 r growth 1", "2-4 r break 0"},
			finding.Quality{},
		},
		{
			// Gone at 3 s and 4 s: restarted, and born again at 5 s with 2.
			"restart",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "99..22"}},
			[]string{"4-5 r cell 2"},
			finding.Quality{Births: 1},
		},
		{
			"reset",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "999222"}},
			[]string{"3-4 r cell 2"},
			finding.Quality{Resets: 1},
		},
		{
			"invalid value",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "11x222"}},
			[]string{"2-4 r growth 1", "2-4 r break 0"},
			finding.Quality{},
		},
		{
			// A label changed: c is called d from 4 s on, and has grown by 1 meanwhile.
			"rename",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "bbb..."}, {"r", "", "d", "...ccc"}},
			[]string{"3-4 r cell 1000"},
			finding.Quality{Renames: 1},
		},
		{
			"no rename to a smaller value",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "777..."}, {"r", "", "d", "...333"}},
			[]string{"3-4 r cell 3"},
			finding.Quality{Births: 1},
		},
		{
			"no rename across routes",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "c", "333..."}, {"s", "", "c", "...555"}},
			[]string{"3-4 s cell 5"},
			finding.Quality{Births: 1},
		},
		{
			// Of two that vanished the nearest is continued, the other has ended.
			"rename of the nearest",
			map[string]string{"": "||||||"},
			[]row{{"r", "", "a", "222..."}, {"r", "", "b", "666..."}, {"r", "", "d", "...777"}},
			[]string{"3-4 r cell 1"},
			finding.Quality{Renames: 1},
		},
		{
			// Two views at the same times: a is used, b says the same and is not added.
			"two views",
			map[string]string{"a": "||||||", "b": "||||||"},
			[]row{{"r", "a", "c", "112222"}, {"r", "b", "c", "112222"}},
			[]string{"2-3 r cell 1"},
			finding.Quality{},
		},
		{
			// a is silent after 2 s; b takes over when more than 3 s have passed, at 6 s. What grew in
			// between is known from the difference to the last value of a.
			"switch of view",
			map[string]string{"a": "||", "b": "|||||||"},
			[]row{{"r", "a", "c", "11"}, {"r", "b", "c", "1112334"}},
			[]string{"2-6 r growth 2", "6-7 r cell 1"},
			finding.Quality{},
		},
		{
			// A view of the target without a series of the source does not compete.
			"other container of the pod",
			map[string]string{"a": "||||||", "b": "||||||"},
			[]row{{"r", "b", "c", "112222"}},
			[]string{"2-3 r cell 1"},
			finding.Quality{},
		},
		{
			// The filter of a no longer lets the counter through from 4 s on, and a still answers. b has a sample
			// after that at 5 s; 3 s later a could have had one as well, and b is used from 8 s on. Nothing is
			// lost: 4 errors since the last value of a.
			"a view that lost its counter",
			map[string]string{"a": "|||||||||||", "b": "|||||||||||"},
			[]row{{"r", "a", "c", "111"}, {"r", "b", "c", "11123455566"}},
			[]string{"7-8 r growth 4", "9-10 r cell 1"},
			finding.Quality{},
		},
		{
			// When the filter is lifted again at 11 s, a is used again: what had grown was counted already.
			"a view that has its counter back",
			map[string]string{"a": "|||||||||||||", "b": "|||||||||||||"},
			[]row{{"r", "a", "c", "111.......788"}, {"r", "b", "c", "1112345556788"}},
			[]string{"7-8 r growth 4", "9-10 r cell 1", "10-11 r growth 1", "11-12 r cell 1"},
			finding.Quality{},
		},
		{
			// a has a filter for r: it is used for r, and for s what b saw is used. s was there before b looked
			// for the first time, so that 5 is no error; what came after that until 5 s, when a is known to lack
			// it (the first sample elsewhere at 2 s, and 3 s more), is.
			"a view of some routes only",
			map[string]string{"a": "||||||||", "b": "||||||||"},
			[]row{{"r", "a", "c", "11122333"}, {"r", "b", "c", "11122333"}, {"s", "b", "c", "56667788"}},
			[]string{"3-4 r cell 1", "4-5 s growth 2", "5-6 r cell 1", "6-7 s cell 1"},
			finding.Quality{},
		},
		{
			// Both views restart with their target after 3 s: that neither has the counter says nothing against a.
			"restart in two views",
			map[string]string{"a": "|||||||||||", "b": "|||||||||||"},
			[]row{{"r", "a", "c", "555....1112"}, {"r", "b", "c", "555....1112"}},
			[]string{"7-8 r cell 1", "10-11 r cell 1"},
			finding.Quality{Births: 1},
		},
		{
			// a carries series only from 8 s on, with the first error of r after a restart. It was scraped at 7 s
			// without it: the error is in that second, although it is the one at which a is taken into use.
			"first error of a view",
			map[string]string{"a": "|||||||||||", "b": "|||||||||||"},
			[]row{{"r", "a", "c", ".......1112"}, {"r", "b", "c", "555....1112"}},
			[]string{"7-8 r cell 1", "10-11 r cell 1"},
			finding.Quality{Births: 1},
		},
		{
			"without up", nil,
			[]row{{"r", "", "c", "11.2222"}, {"r", "", "d", "11111.1"}},
			[]string{"2-4 r growth 1", "2-4 r break 0", "5-7 r break 0"},
			finding.Quality{},
		},
		{
			// At 3 s there is no `up`, but a sample: the target was scraped.
			"sample without up",
			map[string]string{"": "|| |||"},
			[]row{{"r", "", "c", "112222"}, {"r", "", "d", "33.444"}},
			[]string{"2-3 r cell 1", "2-4 r growth 1", "2-4 r break 0"},
			finding.Quality{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := New(Options{ScrapeInterval: millis(1000)})
			o.Begin(0, 20_000)
			for view, up := range c.up {
				for i, s := range up {
					if s == '|' {
						o.Scrapes(TargetView{"pod", view}, ups(1000*int64(i+1)))
					}
				}
			}
			for _, r := range c.rows {
				o.Series(&SeriesID{r.route, "pod", r.view, r.counter}, drawn(r.samples, 1000, 1000))
			}
			p := o.End()
			var got []string
			for _, e := range p.Events {
				got = append(got, fmt.Sprintf("%d-%d %s %v %v", e.LeftMillis/1000, e.AtMillis/1000, e.Unit.Route, e.Kind, e.Increment))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("events %q, want %q", got, c.want)
			}
			p.Quality.Series, p.Quality.Samples = 0, 0
			if p.Quality != c.counts {
				t.Errorf("quality %+v, want %+v", p.Quality, c.counts)
			}
		})
	}
}

// TestFindsInterval scrapes a target every 2 s, then every second. The interval is known after the
// seventh spacing, at 15 s, and changes after the thirty-first of a second, at 31 + 31 = 62 s.
func TestFindsInterval(t *testing.T) {
	t.Parallel()
	o := New(Options{})
	times := append(grid(1000, 2000, 16), grid(32_000, 1000, 60)...)
	o.Begin(0, 100_000)
	o.Scrapes(TargetView{Target: "pod"}, ups(times...))
	var counted []Run
	for i, at := range times {
		counted = append(counted, flat(float64(i), at)...)
	}
	o.Series(&SeriesID{Route: "r", Target: "pod"}, counted)
	kinds := make(map[string][2]int64)
	for _, e := range o.End().Events {
		key := fmt.Sprint(e.Unit.DeltaMillis, e.Kind)
		if _, ok := kinds[key]; !ok {
			kinds[key] = [2]int64{e.AtMillis, e.AtMillis}
		}
		kinds[key] = [2]int64{kinds[key][0], e.AtMillis}
	}
	want := map[string][2]int64{
		"0 growth":    {3000, 15_000},
		"2000 cell":   {17_000, 31_000},
		"2000 growth": {32_000, 62_000}, // one second is no interval of two
		"1000 cell":   {63_000, 91_000},
	}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("first and last of each kind %v, want %v", kinds, want)
	}
	if from, last, ok := o.Coverage(0, 91_001); from != 62_000 || last != 91_000 || !ok {
		t.Errorf("covered from %d to %d, want 62000 to 91000", from, last)
	}
}

func TestSnap(t *testing.T) {
	t.Parallel()
	for spacing, want := range map[int64]int64{
		1000: 1000, 1050: 1000, 1051: 1050, 949: 950, 950: 1000, // 5 % of 1 s is 50 ms
		14_600: 15_000, 20_010: 20_000, 10: 50, 262: 250, 7_200_012: 7_200_000,
	} {
		if got := snap(spacing); got != want {
			t.Errorf("snap(%d) = %d, want %d", spacing, got, want)
		}
	}
}

// TestCoverage: scraped each second but at 5 s, so regular in (1, 4] and (6, 10].
func TestCoverage(t *testing.T) {
	t.Parallel()
	o := New(Options{ScrapeInterval: millis(1000)})
	o.Begin(0, 12_000)
	o.Scrapes(TargetView{Target: "pod"}, ups(1000, 2000, 3000, 4000, 6000, 7000, 8000, 9000, 10_000))
	o.Scrapes(TargetView{Target: "pod2"}, ups(grid(3500, 1000, 5)...))
	o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(1, 2000, 3000, 4000, 6000))
	o.Series(&SeriesID{Route: "r", Target: "pod2"}, flat(1, 3500, 4500, 5500))
	o.End()
	for _, c := range []struct{ before, covered, last int64 }{
		{4000, 1000, 3000}, {4001, 1000, 4000}, {6000, 1000, 4000}, {6001, 6000, 6000}, {99_000, 6000, 10_000},
	} {
		if covered, last, ok := o.Coverage(0, c.before); covered != c.covered || last != c.last || !ok {
			t.Errorf("Coverage before %d: [%d, %d] %v, want %v", c.before, covered, last, ok, c)
		}
	}
	if _, _, ok := o.Coverage(0, 1000); ok {
		t.Error("covered before the first scrape")
	}
	for _, c := range []struct{ left, right, covered, span, exposed int64 }{
		{0, 12_000, 3000 + 4000, 9000, 9000}, // the second pod covers (3.5, 7.5]
		{0, 5000, 3000, 3000, 3500},          // known at 5 s: the first to 4 s, the second to 4.5 s
		{2500, 3500, 500, 500, 500},
		{4000, 6000, 0, 2000, 1500},
		{8500, 12_000, 1500, 1500, 1500},
	} {
		covered, span := o.Covered(0, c.left, c.right), o.Span(0, c.left, c.right)
		exposed := o.Exposure([]int32{0, 1}, c.left, c.right)
		if covered != c.covered || span != c.span || exposed != c.exposed {
			t.Errorf("(%d, %d]: covered %d, span %d, exposed %d, want %v", c.left, c.right, covered, span, exposed, c)
		}
	}
}

func TestSampledHours(t *testing.T) {
	t.Parallel()
	o := New(Options{ScrapeInterval: millis(60_000)})
	const hour = hourMillis
	o.Begin(0, 100*hour)
	times := append(grid(30*hour, 60_000, 30), grid(33*hour, 60_000, 61)...) // hours 30, 33 and the first minute of 34
	o.Scrapes(TargetView{Target: "pod"}, ups(times...))
	o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(1, times...))
	o.End()
	for h := range int64(100) {
		if got, want := o.Sampled(0, h), h == 30 || h == 33 || h == 34; got != want {
			t.Errorf("hour %d: sampled %v", h, got)
		}
	}
	if got := o.LastSample(0); got != 34*hour {
		t.Errorf("last sample %d", got)
	}
}

// TestRouteLimit admits the first route, then of two that come together the first by name.
func TestRouteLimit(t *testing.T) {
	t.Parallel()
	o := New(Options{ScrapeInterval: millis(1000), RouteLimit: 2})
	dropped := 0
	for from := int64(0); from < 8000; from += 2000 {
		o.Begin(from, from+2000)
		o.Scrapes(TargetView{Target: "pod"}, ups(from+1000, from+2000))
		o.Series(&SeriesID{Route: "first", Target: "pod"}, flat(1, from+1000, from+2000))
		if from > 0 {
			o.Series(&SeriesID{Route: "c", Target: "pod"}, flat(1, from+1000, from+2000))
			o.Series(&SeriesID{Route: "b", Target: "pod"}, flat(1, from+1000, from+2000))
		}
		dropped += o.End().Quality.RoutesDropped
	}
	var names []string
	for _, u := range o.Units() {
		names = append(names, u.Route)
	}
	if !slices.Equal(names, []string{"first", "b"}) || dropped != 1 {
		t.Errorf("routes %v, %d dropped", names, dropped)
	}
}

// TestLate hands over a sample at 3 s only when its time is long settled. It is counted once.
func TestLate(t *testing.T) {
	t.Parallel()
	o := New(Options{ScrapeInterval: millis(1000)})
	var late []int64
	for from := int64(0); from < 40_000; from += 10_000 {
		o.Begin(from, from+10_000)
		samples := grid(1000, 1000, int(from+10_000)/1000)
		if from < 20_000 {
			samples = slices.DeleteFunc(samples, func(at int64) bool { return at == 3000 })
		}
		o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(1, samples...))
		late = append(late, o.End().Quality.Late)
	}
	if !slices.Equal(late, []int64{0, 0, 1, 0}) {
		t.Errorf("late %v", late)
	}
}

// TestForgets lets pods come and go for weeks: what is known must not grow.
func TestForgets(t *testing.T) {
	t.Parallel()
	o := New(Options{})
	const day = 24 * hourMillis
	var sizes []int
	for d := range int64(40) {
		o.Begin(d*day, (d+1)*day)
		for pod := range 20 {
			name := fmt.Sprintf("pod-%03d-%d", d, pod)
			o.Scrapes(TargetView{Target: name}, ups(grid(d*day+1000, 60_000, 200)...))
			o.Series(&SeriesID{Route: "r", Target: name}, flat(1, grid(d*day+1000, 60_000, 200)...))
		}
		o.End()
		sizes = append(sizes, len(marshal(t, o)))
	}
	if len(o.Units()) != 7*20 || sizes[39] > sizes[10]+400 {
		t.Errorf("%d units, sizes %v", len(o.Units()), sizes)
	}
}

// TestOutside: nothing is taken outside of a piece, and time that was settled is not opened again.
func TestOutside(t *testing.T) {
	t.Parallel()
	o := New(Options{ScrapeInterval: millis(1000)})
	o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(1, 1000))
	if p := o.End(); len(p.Events) > 0 || len(o.Units()) > 0 {
		t.Error("samples taken outside of a piece")
	}
	o.Begin(0, 5000)
	o.End()
	o.Begin(0, 10_000)
	o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(1, 4000, 6000))
	o.Series(&SeriesID{Route: "r", Target: "pod", Counter: "malformed"}, []Run{{}, {Count: -1}, {FirstMillis: 6000, Count: 3, Value: 1}})
	if p := o.End(); p.FromMillis != 5000 || p.Quality.Samples != 2 {
		t.Errorf("piece from %d with %d samples, want 5000 with 2", p.FromMillis, p.Quality.Samples)
	}
	if _, err := o.MarshalBinary(); err != nil {
		t.Error(err)
	}
	o.Begin(10_000, 11_000)
	if _, err := o.MarshalBinary(); err == nil {
		t.Error("state marshalled inside a piece")
	}
}

// TestLargestBirth: a first value of 100 is a hundred errors, 101 is a counter whose start was missed.
func TestLargestBirth(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]int{100: 1, 101: 0} {
		o := New(Options{ScrapeInterval: millis(1000)})
		o.Begin(0, 5000)
		o.Scrapes(TargetView{Target: "pod"}, ups(1000, 2000, 3000))
		o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(value, 2000, 3000))
		if got := len(o.End().Events); got != want {
			t.Errorf("birth at %v: %d events, want %d", value, got, want)
		}
	}
}

// TestFineViewWins adds a job of 1 s beside one of 15 s. As soon as its interval is known, at its eighth
// scrape, it is used; the errors that both have seen are not counted twice.
func TestFineViewWins(t *testing.T) {
	t.Parallel()
	o := New(Options{})
	o.Begin(0, 300_000)
	coarse, fine := grid(5000, 15_000, 19), grid(200_300, 1000, 60)
	count := func(times []int64) (out []Run) { // one error every 10 s
		for _, at := range times {
			out = append(out, flat(float64(at/10_000), at)...)
		}
		return out
	}
	for view, times := range map[string][]int64{"a-coarse": coarse, "b-fine": fine} {
		o.Scrapes(TargetView{"pod", view}, ups(times...))
	}
	for view, times := range map[string][]int64{"a-coarse": coarse, "b-fine": fine} {
		o.Series(&SeriesID{Route: "r", Target: "pod", View: view}, count(times))
	}
	total, firstFine := 0.0, int64(0)
	for _, e := range o.End().Events {
		total += e.Increment
		if e.Unit.DeltaMillis == 1000 && e.Kind == Cell && firstFine == 0 {
			firstFine = e.AtMillis
		}
	}
	// From 5 s (0 errors) to 275 s (27); the fine job ends at 259.3 s, and the coarse one goes on.
	if total != 27 || firstFine != 210_300 {
		t.Errorf("%v errors, want 27; first fine cell at %d, want 210300", total, firstFine)
	}
}
