package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// filter returns the findings that are to be shown.
func (b *backfill) filter(all []finding.Finding) []finding.Finding {
	kept := []finding.Finding{}
	for _, f := range all {
		if b.shows(&f) {
			kept = append(kept, f)
		}
	}
	return kept
}

func (b *backfill) shows(f *finding.Finding) bool {
	if b.explain != "" && f.Route != b.explain {
		return false
	}
	if b.route != nil && !matchesWhole(b.route, f.Route) {
		return false
	}
	if len(b.verdicts) == 0 {
		return true
	}
	for _, v := range b.verdicts {
		if v == f.Verdict.String() {
			return true
		}
	}
	return false
}

// whatFailed says where the stretches are listed that could not be read, or lists them where the
// output has no place for them.
func (b *backfill) whatFailed(d finding.Document) string {
	switch b.output {
	case "json":
		return ", see failed_windows"
	case "text":
		return ", see above"
	}
	var all []string
	for _, f := range d.FailedWindows {
		all = append(all, fmt.Sprintf("source %s from %s to %s (%s)", f.Source, f.Start.Format(time.RFC3339), f.End.Format(time.RFC3339), f.Reason))
	}
	return ": " + strings.Join(all, ", ")
}

func matchesWhole(r *regexp.Regexp, s string) bool {
	return regexp.MustCompile(`^(?s:` + r.String() + `)$`).MatchString(s)
}

// nearNames names routes that hold a part of the name, or some that there are.
func nearNames(wanted string, routes []string) string {
	if len(routes) == 0 {
		return ": there is none at all"
	}
	near := slices.DeleteFunc(slices.Clone(routes), func(r string) bool {
		return !strings.Contains(strings.ToLower(r), strings.ToLower(wanted))
	})
	if len(near) == 0 {
		near = routes
	}
	for i := range near {
		near[i] = routeName(near[i])
	}
	return fmt.Sprintf("; there is %s", examples(near))
}
