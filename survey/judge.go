package survey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// judge turns facts into findings.
func (e *Examination) judge() {
	e.Findings = []Finding{}
	e.judgeServer()
	for _, s := range e.Sources {
		e.judgeSource(s)
	}
	e.judgeFingerprints()
	for _, job := range e.jobs() {
		e.judgeScrapes(job)
	}
	e.judgeSignals()
	e.judgeKubernetes()
	e.judgeLoadBalancers()
}

func (e *Examination) say(topic string, severity Severity, title, detail, remedy string) {
	e.Findings = append(e.Findings, Finding{topic, severity, title, detail, remedy})
}

func (e *Examination) judgeServer() {
	s := e.Server
	if s.Version == "" {
		e.say("server", Note, "the server does not tell its version", "It is probably not Prometheus itself. That is fine as long as it answers as Prometheus does.", "")
	} else {
		e.say("server", OK, "version "+s.Version, "", "")
	}
	if !s.ConfigurationShown {
		e.say("server", Note, "the server does not show its configuration",
			"External labels cannot be told from the labels of the series. With remote read they stay part of them; nothing is lost unless they change.", "")
	}
	for _, address := range s.Mixed {
		e.say("server", Warning, "several Prometheis answer at "+address+" in turn",
			"Each scrapes at times of its own. Read as one they look like irregular scrapes, and pairs are missed. List each of them in prometheus.urls.", "")
	}
	if s.HistoryReachesStart != nil && !*s.HistoryReachesStart {
		e.say("history", Note, fmt.Sprintf("no samples are as old as %s", human(s.HistorySeconds)),
			"A first start of serve would read that far back. It works with less, and knows less about the routes at first.", "")
	}
	e.judgeProtocols()
}

// judgeProtocols says how raw samples come. It is one answer for all sources, unless a read failed.
func (e *Examination) judgeProtocols() {
	var protocols []string
	for _, s := range e.Sources {
		if s.ReadFailure == "" {
			protocols = append(protocols, s.StretchProtocol)
		}
	}
	for _, protocol := range distinct(protocols) {
		switch {
		case protocol == "query":
			e.say("server", Note, "no remote read: raw samples come through the query API",
				"It works. A backfill of days takes many times longer; enable remote read where the server has it.", "")
		case strings.HasSuffix(protocol, "_streamed"):
			e.say("server", OK, "raw samples come by streamed remote read", "", "")
		default:
			e.say("server", Note, "remote read does not stream: raw samples come by "+protocol, "Long stretches take more memory on both sides.", "")
		}
	}
}

func (e *Examination) judgeSource(s SourceFacts) {
	none := s.Series != nil && *s.Series == 0
	alone := s.SiblingSeries != nil && *s.SiblingSeries == 0
	switch {
	case s.ReadFailure != "":
		e.say("source", Problem, "source "+s.Name+" cannot be read", s.ReadFailure, "")
	case none && alone && len(s.Jobs) == 0:
		e.say("source", missingSource(s), "source "+s.Name+" matches nothing, and nor do its requests", "No scrape has the metric of "+s.Selector+". "+where(s), remedyOf(s))
	case none && s.Errors == 0:
		e.say("source", OK, fmt.Sprintf("source %s has no errors now", s.Name),
			"The counters of errors are born with the first one: a healthy Envoy has none.", "")
	case s.Errors == 0:
		e.say("source", OK, fmt.Sprintf("source %s: no errors in the last %s", s.Name, human(s.WindowSeconds)), "", "")
	default:
		e.say("source", OK, fmt.Sprintf("source %s: %s, %s in the last %s", s.Name,
			plural(len(s.Routes), "route with errors", "routes with errors"), plural(int(s.Errors+0.5), "error", "errors"), human(s.WindowSeconds)), "", "")
	}
	if n := s.Quality.UnroutedSeries; n > 0 {
		e.say("source", Warning, fmt.Sprintf("source %s: %s without a route", s.Name, plural(n, "series", "series")),
			"None of the route labels is on them, so that their errors cannot be attributed. Set route_labels, or relabel_configs that make them.", "")
	}
	if s.Quality.Births > 0 {
		e.say("source", OK, fmt.Sprintf("source %s: %s born in the last %s, first errors counted", s.Name,
			plural(int(s.Quality.Births), "counter was", "counters were"), human(s.WindowSeconds)),
			"increase() and rate() lose the error that a counter is born with.", "")
	}
	if s.Quality.RoutesDropped > 0 {
		e.say("source", Warning, fmt.Sprintf("source %s: %s beyond limits.routes", s.Name, plural(s.Quality.RoutesDropped, "route is", "routes are")),
			"They are not watched. Raise the limit, or choose route labels with fewer values.", "")
	}
}

// missingSource is how bad it is that a source has nothing at all: without errors of any kind nothing can
// be found; without connect timeouts, less.
func missingSource(s SourceFacts) Severity {
	if s.Signal == "5xx" {
		return Problem
	}
	return Warning
}

func remedyOf(s SourceFacts) string {
	if s.Signal == "5xx" {
		return RemedyScrapeConfig
	}
	return RemedyStats
}

func where(s SourceFacts) string {
	if s.Signal == "5xx" {
		return "Either no proxy is scraped, or its counters have other names or labels: set selector and route_labels of the source."
	}
	return "Either it never happened on a scrape that leaves unused counters out, or the proxies do not expose it."
}

// visible is where a fingerprint can be seen, and where not: names of routes, with their sources.
type visible struct{ can, cannot []string }

// judgeFingerprints says which lags can be seen, over all sources. Fingerprints that fare alike share a
// finding.
func (e *Examination) judgeFingerprints() {
	var fates []visible
	var names [][]string
	for _, fp := range e.fingerprints {
		v := e.visibility(fp.Name)
		i := slices.IndexFunc(fates, func(o visible) bool { return slices.Equal(o.can, v.can) && slices.Equal(o.cannot, v.cannot) })
		if i < 0 {
			fates, names = append(fates, v), append(names, nil)
			i = len(fates) - 1
		}
		names[i] = append(names[i], fp.Name)
	}
	for i, v := range fates {
		e.judgeFingerprint(strings.Join(names[i], " and "), v)
	}
}

// visibility sorts routes by whether scrapes can show a fingerprint on them. A route without errors is not held
// against its source as long as any job is fine enough: its counters may not have been born there yet, and then
// that job is not among those of the source.
func (e *Examination) visibility(fingerprint string) visible {
	var v visible
	fine := slices.ContainsFunc(e.jobs(), func(j Job) bool { return resolvable(j.Fingerprints, fingerprint) })
	for _, s := range e.Sources {
		sort := func(name string, can bool) {
			if can {
				v.can = append(v.can, name)
			} else {
				v.cannot = append(v.cannot, name)
			}
		}
		for _, r := range s.Routes {
			sort(r.Name+" ("+s.Name+")", resolvable(r.Fingerprints, fingerprint) || r.Errors == 0 && fine)
		}
		if len(s.Routes) == 0 && len(s.Jobs) > 0 {
			sort("any of "+s.Name, fine)
		}
	}
	return visible{distinct(v.can), distinct(v.cannot)}
}

func (e *Examination) judgeFingerprint(name string, v visible) {
	switch {
	case len(v.can)+len(v.cannot) == 0:
	case len(v.cannot) == 0:
		e.say("fingerprint", OK, name+" can be seen on every route", "", "")
	case len(v.can) == 0:
		e.say("fingerprint", Problem, name+" cannot be seen on any route",
			"Scrapes are too far apart: two errors so far apart and two errors of a short burst look the same in them, however long you wait. Add a second, fine scrape beside the coarse one."+e.untilThen(), e.fineRemedy())
	default:
		e.say("fingerprint", Warning, fmt.Sprintf("%s cannot be seen on %d of %s", name, len(v.cannot), plural(len(v.can)+len(v.cannot), "route", "routes")),
			"Scrapes are too far apart there: "+few(v.cannot)+"."+e.untilThen(), e.fineRemedy())
	}
}

// untilThen says what coarse scrapes can do all the same.
func (e *Examination) untilThen() string {
	can := func(c Check) bool {
		return c.Possible && (c.Name == diagnosis.CheckDwellTime || c.Name == diagnosis.CheckSlowBucket)
	}
	if slices.ContainsFunc(e.Checks, can) {
		return " Until then a route can be suspected, from how long failed connects and requests took, but never proven."
	}
	return ""
}

// fineRemedy names the fine scrape that fits how the proxies are scraped.
func (e *Examination) fineRemedy() string {
	if e.Proxies.Operator {
		return RemedyPodMonitor
	}
	return RemedyScrapeConfig
}

// jobs are the scrape jobs of all sources, each once.
func (e *Examination) jobs() []Job {
	var out []Job
	for _, s := range e.Sources {
		for _, job := range s.Jobs {
			if !slices.ContainsFunc(out, func(j Job) bool { return j.Name == job.Name }) {
				out = append(out, job)
			}
		}
	}
	return out
}

// Shares of scrapes that are worth a word.
const (
	irregularShare = 0.02
	failedShare    = 0.01
	lostShare      = 0.2
)

func (e *Examination) judgeScrapes(j Job) {
	name := "job " + j.Name
	switch irregular := 1 - j.Regular; {
	case j.IntervalSeconds == 0:
		e.say("scrape", Note, name+" has too few scrapes to know their interval", "", "")
		return
	case j.Intervals > 3 || irregular > lostShare:
		e.say("scrape", Warning, fmt.Sprintf("%s: scrapes are not regular (%s are off)", name, share(irregular)),
			"Only regular intervals say anything about timing. Several Prometheis behind one address look like this: query one of them, or give the pairs their replica label.", "")
	case irregular > irregularShare:
		e.say("scrape", Note, fmt.Sprintf("%s: %s of the scrapes are off, the longest gap is %s", name, share(irregular), human(j.LongestSeconds)),
			"Pairs across a gap are lost, errors are not.", "")
	default:
		e.say("scrape", OK, fmt.Sprintf("%s: %s every %s, regular", name, plural(j.Targets, "target", "targets"), human(j.IntervalSeconds)), "", "")
	}
	if failed := float64(j.Failed) / float64(max(j.Scrapes, 1)); failed > failedShare {
		e.say("scrape", Warning, fmt.Sprintf("%s: %s of the scrapes failed", name, share(failed)), "The targets were down, or slower than the scrape timeout.", "")
	}
}

func distinct(names []string) []string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
