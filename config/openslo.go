package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// RouteAnnotation names the routes that an OpenSLO objective is about, as a regular expression. Without
// it they are those that have the service of the objective as a part between slashes.
const RouteAnnotation = "ghostpair.io/route"

// openSLO is what is read of an OpenSLO v1 document. Everything else is ignored: it is for other tools.
type openSLO struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string            `yaml:"name"`
		Annotations map[string]string `yaml:"annotations"`
	} `yaml:"metadata"`
	Spec struct {
		Service   string `yaml:"service"`
		Indicator struct {
			Spec struct {
				Threshold any `yaml:"thresholdMetric"`
			} `yaml:"spec"`
		} `yaml:"indicator"`
		BudgetingMethod string `yaml:"budgetingMethod"`
		TimeWindow      []struct {
			Duration string `yaml:"duration"`
			Rolling  bool   `yaml:"isRolling"`
		} `yaml:"timeWindow"`
		Objectives []struct {
			Target  *float64 `yaml:"target"`
			Percent *float64 `yaml:"targetPercent"`
			Value   *float64 `yaml:"value"`
		} `yaml:"objectives"`
	} `yaml:"spec"`
}

// LoadOpenSLO reads objectives from the OpenSLO v1 files that match a pattern, in the order of their
// names. The second result says what does not fit and was left out: objectives about latency, of
// calendar windows or of time slices.
func LoadOpenSLO(pattern string) (objectives []Objective, left []string, err error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	if len(paths) == 0 {
		return nil, nil, fmt.Errorf("no file matches %q", pattern)
	}
	for _, path := range paths {
		more, without, err := openSLOFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		objectives, left = append(objectives, more...), append(left, without...)
	}
	if len(objectives) == 0 {
		return nil, left, fmt.Errorf("%q has no OpenSLO objective that fits: %q", pattern, left)
	}
	return objectives, left, nil
}

func openSLOFile(path string) (objectives []Objective, left []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	for {
		var d openSLO
		switch err := decoder.Decode(&d); {
		case errors.Is(err, io.EOF):
			return objectives, left, nil
		case err != nil:
			return nil, nil, err
		case d.Kind != "SLO":
			continue // services, indicators, alert policies
		}
		o, err := d.objective()
		if err != nil {
			left = append(left, fmt.Sprintf("OpenSLO objective %s of %s was left out: %s", d.Metadata.Name, filepath.Base(path), err))
			continue
		}
		objectives = append(objectives, o)
	}
}

// objective is what the document means here; an error says why it does not fit.
func (d *openSLO) objective() (Objective, error) {
	s := &d.Spec
	switch {
	case d.APIVersion != "openslo/v1":
		return Objective{}, fmt.Errorf("its version is %q, and only openslo/v1 is read", d.APIVersion)
	case s.Indicator.Spec.Threshold != nil:
		return Objective{}, errors.New("it is about a threshold such as a latency, not about failed requests")
	case s.BudgetingMethod != "" && s.BudgetingMethod != "Occurrences":
		return Objective{}, fmt.Errorf("its budget is counted in %s, not in requests", s.BudgetingMethod)
	case len(s.TimeWindow) != 1:
		return Objective{}, errors.New("it has not one time window")
	case !s.TimeWindow[0].Rolling:
		return Objective{}, errors.New("its window is a calendar's, not a rolling one")
	case len(s.Objectives) != 1:
		return Objective{}, errors.New("it has not one target")
	}
	window, err := openSLODuration(s.TimeWindow[0].Duration)
	if err != nil {
		return Objective{}, err
	}
	target, err := d.target()
	if err != nil {
		return Objective{}, err
	}
	route, err := d.route()
	return Objective{Route: route, Target: target, Window: window}, err
}

func (d *openSLO) target() (float64, error) {
	o := d.Spec.Objectives[0]
	var target float64
	switch {
	case o.Value != nil:
		return 0, errors.New("it is about a threshold such as a latency, not about failed requests")
	case o.Target != nil:
		target = *o.Target
	case o.Percent != nil:
		target = *o.Percent / 100
	}
	if !(target > 0 && target <= 1) {
		return 0, fmt.Errorf("its target is %v, and must be above 0 and at most 1", target)
	}
	return target, nil
}

func (d *openSLO) route() (string, error) {
	if route, ok := d.Metadata.Annotations[RouteAnnotation]; ok {
		if _, err := regexp.Compile("^(?s:" + route + ")$"); err != nil {
			return "", fmt.Errorf("annotation %s: %s", RouteAnnotation, regexpError(err))
		}
		return route, nil
	}
	if d.Spec.Service == "" {
		return "", fmt.Errorf("it names neither a service nor, in the annotation %s, routes", RouteAnnotation)
	}
	return "(.*/)?" + regexp.QuoteMeta(d.Spec.Service) + "(/.*)?", nil
}

// openSLODuration reads a duration such as 28d or 4w. Months and longer differ in length and have
// no place in a rolling window here.
func openSLODuration(text string) (time.Duration, error) {
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day}
	if n := len(text) - 1; n > 0 {
		count, err := strconv.Atoi(text[:n])
		if unit, ok := units[text[n]]; ok && err == nil && count > 0 && count < 10_000 {
			if d := time.Duration(count) * unit; d >= time.Hour && d <= 366*day {
				return d, nil
			}
		}
	}
	return 0, fmt.Errorf("its window %q is not between 1h and 366d in minutes, hours, days or weeks", text)
}
