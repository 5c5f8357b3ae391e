package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/survey"
)

// outlook prints how long it takes until pairs are found, at the scrapes as they are and at fine ones.
func (p *doctorPrinter) outlook() {
	if len(p.Outlook) == 0 {
		return
	}
	header := "ROUTE\tSOURCE\tFINGERPRINT\tERRORS AN HOUR\tAS IT IS"
	if slices.ContainsFunc(p.Outlook, func(o survey.Prospect) bool { return o.Fine != nil }) {
		header += "\tAT 1 s"
	}
	rows := []string{header}
	for _, o := range p.Outlook {
		fine := ""
		if o.Fine != nil {
			fine = p.until(*o.Fine)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", routeName(o.Route), o.Source, o.Fingerprint, rate(o.ErrorsPerHour), p.until(o.Now), fine))
	}
	p.table(fmt.Sprintf("HOW LONG UNTIL PAIRS ARE FOUND, IF %s OF THE ERRORS WERE IN PAIRS", percent(p.PairShare)), rows)
	p.line(2, "Half of the simulated faults are found by the first time, nine in ten by the second.")
}

// until writes by when half and most of the faults are found.
func (p *doctorPrinter) until(t survey.Time) string {
	horizon := "> " + shortDuration(time.Duration(p.Horizon*float64(time.Second)))
	at := func(s *float64) string {
		if s == nil {
			return horizon
		}
		return roughly(time.Duration(*s * float64(time.Second)))
	}
	switch {
	case !t.Resolvable:
		return "never"
	case t.HalfSeconds == nil:
		return horizon
	}
	return at(t.HalfSeconds) + " to " + at(t.MostSeconds)
}

// rate writes events an hour with about two digits.
func rate(perHour float64) string {
	if perHour >= 10 {
		return fmt.Sprintf("%.0f", perHour)
	}
	return fmt.Sprintf("%.2g", perHour)
}
