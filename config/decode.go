package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // report.time_zone must mean the same on a machine without zone files

	"gopkg.in/yaml.v3"
)

// shortestDelay is the default scrape timeout of Prometheus: a sample carries the time at which
// its scrape began, and may be stored as late as this.
const shortestDelay = 10 * time.Second

// config reads the whole document into c, which holds the defaults.
func (r *reader) config(root *yaml.Node, c *Config) {
	b := r.block(root, "")
	r.prometheus(b, &c.Prometheus)
	r.evaluate(b.block("evaluate"), &c.Evaluate)
	b.positive("false_alarms_per_month", &c.FalseAlarmsPerMonth)
	b.positive("false_suspicions_per_month", &c.FalseSuspicionsPerMonth)
	b.ratio("clear_below", &c.ClearBelow)
	r.fingerprints(b, c)
	r.sources(b, c)
	r.ignore(b, c)
	r.diagnosis(b.block("diagnosis"), &c.Diagnosis)
	limits := b.block("limits")
	limits.whole("routes", &c.Limits.Routes)
	limits.done()
	r.objectives(b, c)
	r.maintenance(b, c)
	r.report(b.block("report"), &c.Report)
	b.done()
}

func (r *reader) evaluate(b *block, e *Evaluate) {
	b.duration("every", &e.Every, time.Second)
	b.duration("delay", &e.Delay, 0)
	b.duration("history", &e.History, time.Hour)
	if e.Delay < shortestDelay {
		r.warn(b.line("delay"), b.at("delay"),
			formatDuration(e.Delay)+" is shorter than a scrape may take: samples that come later are not used",
			"give more than the longest scrape timeout, 30s by default")
	}
	b.done()
}

func (r *reader) prometheus(parent *block, p *Prometheus) {
	b := parent.block("prometheus")
	if b.text("url", &p.URL) {
		r.checkURL(b.values["url"], b.at("url"), p.URL)
	}
	r.urls(b, p)
	b.oneOf("protocol", &p.Protocol, ProtocolAuto, ProtocolRemoteRead, ProtocolQuery)
	b.duration("timeout", &p.Timeout, time.Second)
	b.whole("concurrency", &p.Concurrency)
	r.http(b, &p.HTTP)
	b.done()
}

// urls reads the list that may stand in place of url.
func (r *reader) urls(b *block, p *Prometheus) {
	var urls []string
	if !b.texts("urls", &urls) {
		return
	}
	if b.given("url") {
		b.fail("urls", "stands beside url", "list every server in urls, and take url out")
	}
	if len(urls) == 0 {
		b.fail("urls", "is empty", "list the servers, or leave the key out for the default url")
		return
	}
	nodes := b.values["urls"].Content
	for i, text := range urls {
		r.checkURL(resolve(nodes[i]), fmt.Sprintf("%s[%d]", b.at("urls"), i), text)
		for _, earlier := range urls[:i] {
			if withoutUser(earlier) == withoutUser(text) {
				r.add(resolve(nodes[i]).Line, fmt.Sprintf("%s[%d]", b.at("urls"), i), "is given twice", "list every server once")
				break
			}
		}
	}
	p.take(urls)
}

// take sets the addresses. A list of one is that one.
func (p *Prometheus) take(urls []string) {
	p.URL, p.URLs = urls[0], nil
	if len(urls) > 1 {
		p.URLs = urls
	}
}

// Servers are the addresses of all servers.
func (p Prometheus) Servers() []string {
	if len(p.URLs) > 0 {
		return p.URLs
	}
	return []string{p.URL}
}

func (r *reader) checkURL(node *yaml.Node, path, text string) {
	u, err := parseURL(text)
	const remedy = "write it like http://prometheus:9090"
	switch {
	case err != nil:
		// The message of net/url repeats the text, which may hold a password.
		r.add(node.Line, path, "is not a URL", remedy)
	case u.Scheme != "http" && u.Scheme != "https":
		r.add(node.Line, path, fmt.Sprintf("the scheme %q is neither http nor https", u.Scheme), remedy)
	case u.Hostname() == "":
		r.add(node.Line, path, "names no host", remedy)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		r.add(node.Line, path, "has a query or a fragment", "give the base URL only; credentials and headers have keys of their own")
	}
}

// parseURL is url.Parse, and also reads the placeholder that stands for user information in a
// printed configuration.
func parseURL(text string) (*url.URL, error) {
	return url.Parse(strings.Replace(text, "//"+secret+"@", "//"+url.PathEscape(secret)+"@", 1))
}

// plainName is what a name that becomes the value of a metric label may look like.
var plainName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.:-]*$`)

// name reads a required name that must not be in taken, and adds it there.
func (b *block) name(taken map[string]int) string {
	var name string
	if !b.text("name", &name) {
		if !b.given("name") {
			b.fail("name", "is missing", "give it a short name; it appears in metrics and alerts")
		}
		return ""
	}
	if !plainName.MatchString(name) {
		b.fail("name", fmt.Sprintf("%q has other characters than letters, digits and _.:-", name), "choose a plain name")
		return ""
	}
	if line, ok := taken[name]; ok {
		b.fail("name", fmt.Sprintf("%q is taken by line %d", name, line), "choose another name")
		return ""
	}
	taken[name] = b.line("name")
	return name
}

// anchored reports a regular expression that does not compile when it is anchored.
func (b *block) anchored(key, expression string) {
	_, err := regexp.Compile(expression) // on its own first: a)(b would pass inside of the anchors
	if err == nil {
		_, err = regexp.Compile(anchor(expression))
	}
	if err != nil {
		b.fail(key, fmt.Sprintf("%q is not a regular expression: %s", expression, regexpError(err)), "use RE2 syntax, as in PromQL")
	}
}

func (r *reader) ignore(b *block, c *Config) {
	items, _ := b.list("ignore")
	for i, item := range items {
		e := r.block(item, fmt.Sprintf("ignore[%d]", i))
		var entry Ignore
		if e.text("route", &entry.Route) {
			e.anchored("route", entry.Route)
		} else {
			e.fail("route", "is missing", "give a regular expression of the routes, `.*` for all")
		}
		if e.text("fingerprint", &entry.Fingerprint) && !slices.ContainsFunc(c.Fingerprints,
			func(f Fingerprint) bool { return f.Name == entry.Fingerprint }) {
			e.fail("fingerprint", fmt.Sprintf("%q is no fingerprint of this file", entry.Fingerprint),
				"name one of `fingerprints`, or leave the key out for all")
		}
		if !e.text("reason", &entry.Reason) || strings.TrimSpace(entry.Reason) == "" {
			e.fail("reason", "is missing", "say why this is known and harmless; it is printed in every report")
		}
		e.instant("until", &entry.Until)
		e.done()
		c.Ignore = append(c.Ignore, entry)
	}
}

func (r *reader) objectives(b *block, c *Config) {
	items, given := b.list("objectives")
	if given {
		c.Objectives = nil
	}
	for i, item := range items {
		e := r.block(item, fmt.Sprintf("objectives[%d]", i))
		objective := defaultObjective()
		if e.text("route", &objective.Route) {
			e.anchored("route", objective.Route)
		}
		e.ratio("target", &objective.Target)
		e.duration("window", &objective.Window, time.Hour)
		e.done()
		c.Objectives = append(c.Objectives, objective)
	}
}

func (r *reader) maintenance(b *block, c *Config) {
	items, _ := b.list("maintenance")
	for i, item := range items {
		e := r.block(item, fmt.Sprintf("maintenance[%d]", i))
		var m Maintenance
		from, to := e.required("from", &m.From), e.required("to", &m.To)
		if from && to && !m.From.Before(m.To) {
			e.fail("to", "is not after from", "swap the two, or correct one")
		}
		e.text("reason", &m.Reason)
		e.done()
		c.Maintenance = append(c.Maintenance, m)
	}
}

// required reads an instant that must be given.
func (b *block) required(key string, target *time.Time) bool {
	if _, ok := b.get(key); !ok {
		b.fail(key, "is missing", "write it like 2027-01-31T08:00:00Z")
		return false
	}
	return b.instant(key, target)
}

func (r *reader) report(b *block, report *Report) {
	var zone string
	if b.text("time_zone", &zone) {
		// Local would make the report depend on the machine.
		location, err := time.LoadLocation(zone)
		if err != nil || zone == "" || zone == "Local" {
			b.fail("time_zone", fmt.Sprintf("%q is no time zone", zone), "write an IANA name such as UTC or Europe/Berlin")
		} else {
			report.TimeZone = location
		}
	}
	b.oneOf("schedule", &report.Schedule, ScheduleWeekly, ScheduleNone)
	b.done()
}
