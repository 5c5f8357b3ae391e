package sources

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// jobs are the scrape jobs of a source, as far as they are known: they keep the `up` of everything
// else out of its reads.
type jobs struct {
	names    []string // sorted; empty: the `up` of everything is read
	narrow   []*labels.Matcher
	asked    bool
	useless  bool  // the server does not answer such questions
	askedFor int64 // end of the read that they were asked for
	nowhere  bool  // no job has the metric
}

const (
	// jobsAgeMillis is for how long, in time read, the list of jobs is not asked for again.
	jobsAgeMillis = 60_000
	maxJobsBytes  = 16 << 10
)

// covered tells whether the `up` of a job was asked for.
func (j *jobs) covered(job string) bool { return len(j.names) == 0 || slices.Contains(j.names, job) }

func (j *jobs) add(names []string) {
	if len(j.names) > 0 {
		j.names = slices.Compact(slices.Sorted(slices.Values(append(j.names, names...))))
	}
}

// refreshJobs asks which jobs have the metric of the selector, whatever its other labels: a job is to
// be known before its first error. It asks about the time from the window on to now, so that reading
// the past in pieces finds the same jobs as reading it at once.
func (s *Source) refreshJobs(ctx context.Context, external *externalLabels, lo, hi int64) error {
	j := &s.jobs
	age := hi - j.askedFor
	fresh := age >= 0 && age < jobsAgeMillis && !(s.optional && j.nowhere) // what is not read must not be there
	if j.useless || j.asked && fresh {
		return nil
	}
	names, err := s.jobsOf(ctx, siblings(s.selector, s.mapping.targetNames), lo)
	switch {
	case err == nil:
	case unanswerable(err):
		j.useless, j.names = true, nil
		s.server.logger.Info("the server does not list label values; reading `up` of all jobs", "source_name", s.name, "err", err)
		return nil
	case j.asked:
		s.server.logger.Debug("keeping the jobs known", "source_name", s.name, "err", err)
		return nil
	default:
		return err
	}
	j.asked, j.askedFor, j.nowhere = true, hi, len(names) == 0
	if len(strings.Join(names, "|")) > maxJobsBytes {
		names = nil
	}
	if len(names) > 0 && len(j.names) > 0 {
		j.add(names)
	} else {
		j.names = names
	}
	return s.narrowUp(ctx, external, lo)
}

// narrowUp finds out whether equality matchers of the selector on target labels hold for `up`, too:
// metric relabelling may have added the labels to the counters only.
func (s *Source) narrowUp(ctx context.Context, external *externalLabels, lo int64) error {
	s.jobs.narrow = nil
	var candidates []*labels.Matcher
	for _, m := range s.selector {
		if m.Type == labels.MatchEqual && m.Value != "" && m.Name != jobLabel && m.Name != instanceLabel &&
			slices.Contains(s.mapping.targetNames, m.Name) && external.values[m.Name] != m.Value {
			candidates = append(candidates, m)
		}
	}
	if len(candidates) == 0 || len(s.jobs.names) == 0 {
		return nil
	}
	scraped, err := s.jobsOf(ctx, upMatchers(s.selector, s.jobs.names, candidates), lo)
	if err != nil {
		if unanswerable(err) {
			return nil
		}
		return err
	}
	for _, name := range s.jobs.names {
		if !slices.Contains(scraped, name) {
			return nil
		}
	}
	s.jobs.narrow = candidates
	return nil
}

// jobsOf lists the jobs that have series like this from lo on.
func (s *Source) jobsOf(ctx context.Context, matchers []*labels.Matcher, lo int64) ([]string, error) {
	var answer struct {
		Data []string `json:"data"`
	}
	r := &request{
		source: s.name, asked: "list of jobs", reader: ReaderAPI, method: http.MethodGet,
		path: "/api/v1/label/job/values", onQuery: s.onQuery,
		params: url.Values{"match[]": {selectorText(s.server.withoutExternal(matchers))}, "start": {secondsText(lo)}},
	}
	if err := s.server.askJSON(ctx, r, &answer); err != nil {
		return nil, err
	}
	names := slices.DeleteFunc(answer.Data, func(name string) bool { return name == "" })
	slices.Sort(names)
	return names, nil
}

// unanswerable tells whether a server refused a question for good.
func unanswerable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status != 0 && !e.Reason.heals() && e.Reason != ReasonCanceled
}
