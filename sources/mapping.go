package sources

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/ghostpair/ghostpair/finding"
)

const (
	jobLabel      = "job"
	instanceLabel = "instance"
	joiner        = " / "
)

// mapping turns label sets into routes, targets, views and counters.
type mapping struct {
	route, target, view []string
	targetNames         []string // target and view labels
	server              string   // part of every view; empty: there is one server only
	exclude             map[string]*regexp.Regexp
	relabel             []*relabel.Config
	relabelUp           []*relabel.Config // without the rules that drop series
}

func newMapping(o *Options) (*mapping, error) {
	m := &mapping{route: o.RouteLabels, target: o.TargetLabels, view: o.ViewLabels}
	m.targetNames = append(slices.Clone(m.target), m.view...)
	if o.OneOfSeveral && o.Server != nil {
		m.server = o.Server.URL()
	}
	m.exclude = make(map[string]*regexp.Regexp, len(o.Exclude))
	for name, pattern := range o.Exclude {
		compiled, err := regexp.Compile("^(?s:" + pattern + ")$")
		if err != nil {
			return nil, fmt.Errorf("exclude %s: %w", name, err)
		}
		m.exclude[name] = compiled
	}
	for i, rule := range o.RelabelConfigs {
		own := *rule
		if err := own.Validate(model.UTF8Validation); err != nil {
			return nil, fmt.Errorf("relabel_configs[%d]: %w", i, err)
		}
		m.relabel = append(m.relabel, &own)
		switch own.Action {
		case relabel.Keep, relabel.Drop, relabel.KeepEqual, relabel.DropEqual:
		default:
			m.relabelUp = append(m.relabelUp, &own)
		}
	}
	return m, nil
}

// rewrite applies relabelling. False means that the series is dropped.
func rewrite(set labels.Labels, rules []*relabel.Config) (labels.Labels, bool) {
	if len(rules) == 0 {
		return set, true
	}
	b := labels.NewBuilder(set)
	keep := relabel.ProcessBuilder(b, rules...)
	return b.Labels(), keep
}

func (m *mapping) excluded(set labels.Labels) bool {
	for name, pattern := range m.exclude {
		if pattern.MatchString(set.Get(name)) {
			return true
		}
	}
	return false
}

// starRoute stands for a route that is really called *, as virtual hosts are: that name is taken.
const starRoute = "(*)"

// routeOf joins the route labels; it is empty for a series that has none of them.
func (m *mapping) routeOf(set labels.Labels) string {
	route := joinValues(m.route, set.Get)
	if route == finding.PooledRoute {
		return starRoute
	}
	return route
}

// targetOf names the counting process. The last target label is the one that tells processes apart
// (pod, by default): where it is empty the instance stands in for it, and then the instance is what
// the target is, not how it is seen.
func (m *mapping) targetOf(get func(string) string) (target string, byInstance bool) {
	if len(m.target) > 0 && get(m.target[len(m.target)-1]) != "" {
		return joinValues(m.target, get), false
	}
	names := append(slices.Clone(m.target), instanceLabel)
	return joinValues(names, get), true
}

// viewOf names how the target is seen.
func (m *mapping) viewOf(get func(string) string, byInstance bool) string {
	var b strings.Builder
	for _, name := range m.view {
		value := get(name)
		if value == "" || byInstance && name == instanceLabel {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name + "=" + value)
	}
	if m.server != "" {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString("server=" + m.server)
	}
	return strings.ToValidUTF8(b.String(), "?")
}

// counterOf is a hash of what tells counters of one route and target apart: the labels as they are
// stored, without those that say which target it is and how it is seen. It is equal in every process.
func counterOf(stored labels.Labels, ofTarget func(name string) bool) string {
	var buffer []byte
	stored.Range(func(l labels.Label) {
		if ofTarget(l.Name) {
			return
		}
		buffer = append(append(append(append(buffer, l.Name...), 0xff), l.Value...), 0xff)
	})
	sum := sha256.Sum256(buffer)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func joinValues(names []string, get func(string) string) string {
	values := make([]string, 0, len(names))
	for _, name := range names {
		if value := get(name); value != "" {
			values = append(values, value)
		}
	}
	return strings.ToValidUTF8(strings.Join(values, joiner), "?")
}
