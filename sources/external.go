package sources

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"gopkg.in/yaml.v3"
)

// externalLabels are what a Prometheus adds to every series that leaves it through remote read, but
// not through the query API. They are no part of a series' identity.
type externalLabels struct {
	known  bool // whether the server told
	values map[string]string
	added  map[string]string // that are part of it all the same, however it is read
}

// apart returns the external labels of one server of several. Those that name targets stay part of
// the identity of series: the servers of two clusters must not be taken for two views of one.
func (e *externalLabels) apart(target []string) *externalLabels {
	out := &externalLabels{known: e.known, values: make(map[string]string), added: make(map[string]string)}
	for name, value := range e.values {
		if slices.Contains(target, name) {
			out.added[name] = value
		} else {
			out.values[name] = value
		}
	}
	return out
}

// loadExternal reads the external labels once. A server that does not tell has none as far as one
// can see: the labels stay where they are.
func (s *Server) loadExternal(ctx context.Context, source string, onQuery func(Query)) (*externalLabels, error) {
	s.mu.Lock()
	external := s.external
	s.mu.Unlock()
	if external != nil {
		return external, nil
	}
	external, err := s.readExternal(ctx, source, onQuery)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.external == nil {
		s.external = external
	}
	return s.external, nil
}

func (s *Server) readExternal(ctx context.Context, source string, onQuery func(Query)) (*externalLabels, error) {
	var config struct {
		Data struct {
			YAML *string `json:"yaml"`
		} `json:"data"`
	}
	r := &request{source: source, asked: "configuration", reader: ReaderAPI, method: http.MethodGet, path: "/api/v1/status/config", onQuery: onQuery}
	err := s.askJSON(ctx, r, &config)
	var e *Error
	if errors.As(err, &e) && !e.Reason.heals() && e.Reason != ReasonCanceled && e.Status != 0 {
		s.logger.Info("the server does not show its configuration; external labels stay part of the series", "url", s.shown, "err", err)
		return &externalLabels{}, nil
	}
	if err != nil {
		return nil, err
	}
	var parsed struct {
		Global struct {
			ExternalLabels map[string]string `yaml:"external_labels"`
		} `yaml:"global"`
	}
	if config.Data.YAML == nil || yaml.Unmarshal([]byte(*config.Data.YAML), &parsed) != nil {
		return &externalLabels{}, nil
	}
	return &externalLabels{known: true, values: parsed.Global.ExternalLabels}, nil
}

// strip removes the external labels from a label set, and adds those that are to be part of it.
func (e *externalLabels) strip(set labels.Labels) labels.Labels {
	for name, value := range e.added {
		if set.Get(name) == "" {
			set = labels.NewBuilder(set).Set(name, value).Labels()
		}
	}
	var names []string
	for name, value := range e.values {
		if set.Get(name) == value {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return set
	}
	return labels.NewBuilder(set).Del(names...).Labels()
}

// withoutExternal makes matchers fit for the query API, which does not see external labels, the way
// remote read does it: what asks for an external label asks for its absence.
func (s *Server) withoutExternal(matchers []*labels.Matcher) []*labels.Matcher {
	s.mu.Lock()
	external := s.external
	s.mu.Unlock()
	if external == nil || len(external.values) == 0 {
		return matchers
	}
	out := make([]*labels.Matcher, len(matchers))
	for i, m := range matchers {
		out[i] = m
		if m.Type == labels.MatchEqual && m.Value != "" && external.values[m.Name] == m.Value {
			out[i] = labels.MustNewMatcher(labels.MatchEqual, m.Name, "")
		}
	}
	return out
}

// askJSON asks for a small JSON answer and decodes it.
func (s *Server) askJSON(ctx context.Context, r *request, into any) error {
	return s.ask(ctx, r, func() bool { return true }, s.intoJSON(into))
}

func (s *Server) intoJSON(into any) func(*answer) error {
	return func(a *answer) error {
		body, err := readAll(a.body, s.maxAnswer, nil)
		if err != nil {
			return err
		}
		if isHTML(a.contentType(), body) {
			return badData("an HTML page instead of JSON")
		}
		if err := json.Unmarshal(body, into); err != nil {
			return badData("not the JSON of the API: %v", err)
		}
		return nil
	}
}
