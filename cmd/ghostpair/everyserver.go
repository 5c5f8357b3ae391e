package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/survey"
)

// everyServer asks several servers and takes what all of them know together: of what two of them say the greater
// value. It fails when none answers. One that does not is told in a warning, since what it alone knows is
// missing then.
type everyServer struct {
	servers []*sources.Server
	source  string              // that the questions are about
	onQuery func(sources.Query) // told of every one; nil: nobody
}

// Query implements survey.Querier.
func (e everyServer) Query(ctx context.Context, expr string, atMillis int64) ([]survey.Sample, []string, error) {
	all := make(map[string]survey.Sample)
	warnings, err := e.each(func(s surveyed) ([]string, error) {
		samples, warnings, err := s.Query(ctx, expr, atMillis)
		for _, sample := range samples {
			key := labelText(sample.Labels)
			if old, ok := all[key]; !ok || math.IsNaN(old.Value) || sample.Value > old.Value {
				all[key] = sample
			}
		}
		return warnings, err
	})
	var out []survey.Sample
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[key])
	}
	return out, warnings, err
}

// Range implements survey.Ranger.
func (e everyServer) Range(ctx context.Context, expr string, atMillis int64) ([]survey.Series, []string, error) {
	all := make(map[string]survey.Series)
	warnings, err := e.each(func(s surveyed) ([]string, error) {
		series, warnings, err := s.Range(ctx, expr, atMillis)
		for _, one := range series {
			key := labelText(one.Labels)
			all[key] = survey.Series{Labels: one.Labels, Points: append(all[key].Points, one.Points...)}
		}
		return warnings, err
	})
	var out []survey.Series
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[key])
	}
	return out, warnings, err
}

// each asks one server after the other, so that answers come in the order of the configuration.
func (e everyServer) each(ask func(surveyed) ([]string, error)) (warnings []string, err error) {
	var failed []error
	servers := e.present()
	if len(servers) < len(e.servers) {
		warnings = append(warnings, "what is around routes is known from the servers only that can be read")
	}
	for _, server := range servers {
		begun := time.Now()
		more, err := ask(surveyed{Server: server})
		if e.onQuery != nil {
			e.onQuery(sources.Query{Source: e.source, Protocol: sources.ReaderAPI, Duration: time.Since(begun), Err: err})
		}
		warnings = append(warnings, more...)
		if err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == len(servers) {
		return nil, errors.Join(failed...)
	}
	if len(failed) > 0 {
		warnings = append(warnings, fmt.Sprintf("what is around routes is known from the other servers only: %v", failed[0]))
	}
	return warnings, nil
}

// present are the servers from which sources could be read the last time, all where there are none: one that hangs would
// take up the time that there is for all questions.
func (e everyServer) present() []*sources.Server {
	present := slices.DeleteFunc(slices.Clone(e.servers), func(s *sources.Server) bool { return !s.Status().Answers })
	if len(present) == 0 {
		return e.servers
	}
	return present
}

// labelText tells label sets apart.
func labelText(set map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(set)) {
		fmt.Fprintf(&b, "%q=%q,", name, set[name])
	}
	return b.String()
}
