package observe

import (
	"fmt"
	"slices"
	"testing"
)

// TestLimit lowers the limit and raises it again: the routes that were seen last go first. One that is let in
// again had its 7 errors while nobody looked, they do not count; what comes then does.
func TestLimit(t *testing.T) {
	t.Parallel()
	o := New(Options{ScrapeInterval: millis(1000)})
	piece := func(from int64, values map[string][2]float64) []string {
		o.Begin(from, from+2000)
		o.Scrapes(TargetView{Target: "pod"}, ups(from+1000, from+2000))
		for route, v := range values {
			o.Series(&SeriesID{Route: route, Target: "pod"}, slices.Concat(flat(v[0], from+1000), flat(v[1], from+2000)))
		}
		var got []string
		for _, e := range o.End().Events {
			got = append(got, fmt.Sprintf("%d %s %v %v", e.AtMillis/1000, e.Unit.Route, e.Kind, e.Increment))
		}
		return got
	}
	check := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	piece(0, map[string][2]float64{"first": {1, 1}})
	check("births", piece(2000, map[string][2]float64{"first": {1, 1}, "b": {5, 5}, "a": {5, 5}}), []string{"3 a cell 5", "3 b cell 5"})
	check("lowered", o.Limit(2), []string{"b"})
	check("again", o.Limit(2), nil)
	o = reload(t, o, Options{ScrapeInterval: millis(1000), RouteLimit: 2})
	check("two", piece(4000, map[string][2]float64{"first": {1, 1}, "b": {6, 7}, "a": {5, 6}}), []string{"6 a cell 1"})
	check("raised", o.Limit(3), nil)
	o = reload(t, o, Options{ScrapeInterval: millis(1000), RouteLimit: 3})
	check("let in", piece(6000, map[string][2]float64{"first": {1, 1}, "b": {7, 8}, "a": {6, 6}}), []string{"8 b cell 1"})
	check("to none but one", o.Limit(1), []string{"a", "b"})
	if units := o.Units(); len(units) != 1 || units[0].Route != "first" {
		t.Errorf("units %v", units)
	}
}
