package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ghostpair/ghostpair/simulate/power"
)

// writeText prints one sentence that answers, the table, and what it holds for.
func (f *powerFlags) writeText(w io.Writer, answers []*power.Answer) error {
	var b strings.Builder
	b.WriteString(strings.Join(fold(headline(answers), width(w)), "\n") + "\n\n")
	out := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	columns := powerHorizons(time.Duration(f.horizon))
	fmt.Fprint(out, "SCRAPE\t1 IN 10 BY\tHALF BY\t9 IN 10 BY")
	for _, limit := range columns {
		fmt.Fprintf(out, "\tWITHIN %s", shortDuration(limit))
	}
	fmt.Fprintln(out, "\tFALSE")
	for _, a := range answers {
		fmt.Fprintln(out, intervalRow(a, columns))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	b.WriteString("\n" + f.assumptions(answers[0]) + f.notes(answers))
	_, err := io.WriteString(w, b.String())
	return err
}

// powerHorizons are the times by which the table says how many runs were found, up to the horizon.
func powerHorizons(horizon time.Duration) []time.Duration {
	all := []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, horizon}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(d time.Duration) bool { return d > horizon })
}

func intervalRow(a *power.Answer, limits []time.Duration) string {
	cells := []string{shortDuration(a.Question.ScrapeInterval)}
	if !a.Resolvable {
		return cells[0] + "\t" + "cannot show this lag: " + atLeastEvery(a.LargestInterval)
	}
	for _, share := range []float64{0.1, 0.5, 0.9} {
		cells = append(cells, foundBy(a, share))
	}
	for _, limit := range limits {
		cells = append(cells, percent(a.Within(limit)))
	}
	cells = append(cells, strconv.Itoa(a.FalseAlarms))
	return strings.Join(cells, "\t")
}

// foundBy says by when a share of the runs was found.
func foundBy(a *power.Answer, share float64) string {
	if d, ok := a.Quantile(share); ok {
		return roughly(d)
	}
	return "> " + shortDuration(a.Plan.Horizon)
}

// enough is how soon nine in ten faults should be found.
const enough = 24 * time.Hour

// headline is the answer in one sentence.
func headline(answers []*power.Answer) string {
	fine := slices.DeleteFunc(slices.Clone(answers), func(a *power.Answer) bool { return !a.Resolvable })
	coarse := slices.DeleteFunc(slices.Clone(answers), func(a *power.Answer) bool { return a.Resolvable })
	if len(fine) == 0 {
		return fmt.Sprintf("No: a scrape every %s cannot show that errors are %s apart, however many pairs there are: %s.",
			intervalsText(coarse), apart(coarse[0]), atLeastEvery(coarse[0].LargestInterval))
	}
	best := fine[0]
	for _, a := range fine {
		if a.Within(enough) >= 0.9 {
			best = a // the coarsest that is quick
		}
	}
	every := shortDuration(best.Question.ScrapeInterval)
	if len(answers) == 1 {
		return fmt.Sprintf("%s: a scrape every %s %s.", opinion(best), every, achieves(best))
	}
	if best != fine[0] {
		every += " or more often"
	}
	sentence := fmt.Sprintf("Scrape every %s: that %s", every, achieves(best))
	if len(coarse) > 0 {
		sentence += fmt.Sprintf("; %s cannot show the lag at all", intervalsText(coarse))
	}
	return sentence + "."
}

// opinion says whether a scrape interval that can show the lag is good enough.
func opinion(a *power.Answer) string {
	_, most := a.Quantile(0.9)
	_, some := a.Quantile(0.5)
	switch {
	case a.Question.PairsPerHour == 0 || a.Within(enough) >= 0.9:
		return "Yes"
	case most:
		return "Yes, but slowly"
	case some:
		return "Only in part"
	default:
		return "Hardly"
	}
}

// achieves says what a scrape interval that can show the lag leads to.
func achieves(a *power.Answer) string {
	pairs := fmt.Sprintf("%s an hour, %s apart,", many(a.Question.PairsPerHour, "pair"), apart(a))
	horizon := shortDuration(a.Plan.Horizon)
	ninth, most := a.Quantile(0.9)
	half, some := a.Quantile(0.5)
	switch {
	case a.Question.PairsPerHour == 0:
		return fmt.Sprintf("can show that errors are %s apart, but there are no pairs to find", apart(a))
	case most:
		return fmt.Sprintf("finds %s within %s in half of the cases and within %s in nine of ten", pairs, roughly(half), roughly(ninth))
	case some:
		return fmt.Sprintf("finds %s within %s in half of the cases, but within %s only in %s", pairs, roughly(half), horizon, percent(a.Within(a.Plan.Horizon)))
	default:
		share := percent(a.Within(a.Plan.Horizon))
		if len(a.Times) == 0 {
			share = "none"
		}
		return fmt.Sprintf("finds %s within %s in %s of the cases", pairs, horizon, share)
	}
}

// assumptions says what the table holds for.
func (f *powerFlags) assumptions(a *power.Answer) string {
	other := fmt.Sprintf("%s an hour (%s)", many(f.errorsPerHour, "other error"), f.background)
	if f.background == "none" || f.errorsPerHour == 0 {
		other = "no other errors"
	}
	where := "both on one target"
	if f.across {
		where = "each error on any target"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "One route on %s: %s an hour, %s, and %s.\n",
		plural(f.targets, "target"), many(f.pairsPerHour, "pair"), where, other)
	fmt.Fprintf(&b, "Evidence must reach 10^%.2f: %s, %s, %s, at most %s a month.\n",
		math.Log10(a.Threshold), plural(f.routes, "route"), plural(f.fingerprints, "fingerprint"), plural(f.sources, "source"),
		many(f.falseAlarms, "false alarm"))
	fmt.Fprintf(&b, "%s of %s each, seed %d. FALSE: alarms in as many runs without pairs, of which at most %.2g are to be expected.\n",
		plural(f.runs, "run"), shortDuration(a.Plan.Horizon), f.seed, a.ExpectedFalseAlarms())
	return b.String()
}

// notes says what the numbers do not.
func (f *powerFlags) notes(answers []*power.Answer) string {
	var b strings.Builder
	if f.background == "periodic" {
		b.WriteString("A probe every 5 s does leave errors 5 s apart: alarms about it are true, and labelled as look-alikes.\n")
	}
	for _, a := range answers {
		if a.Question.Across && a.Question.Targets > 1 && a.Resolvable && !a.ResolvableAcross {
			fmt.Fprintf(&b, "%s: pairs that hit two targets hardly show at this interval, only those that hit one twice.\n", shortDuration(a.Question.ScrapeInterval))
		}
	}
	return b.String()
}

// many writes a rate with its noun.
func many(rate float64, noun string) string {
	if rate == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%g %ss", rate, noun)
}

func apart(a *power.Answer) string {
	fp := a.Question.Fingerprint
	return fmt.Sprintf("%g to %g s", fp.Lo.Seconds(), fp.Hi.Seconds())
}

func atLeastEvery(d time.Duration) string {
	if d == 0 {
		return "no scrape interval does"
	}
	return "scrape every " + shortDuration(d) + " or more often"
}

// intervalsText lists scrape intervals, as in "5s and 15s".
func intervalsText(answers []*power.Answer) string {
	names := make([]string, len(answers))
	for i, a := range answers {
		names[i] = shortDuration(a.Question.ScrapeInterval)
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return names[0]
}

// percent rounds a share, but not up to all nor down to none.
func percent(share float64) string {
	rounded := math.Round(100 * share)
	switch {
	case share > 0 && rounded == 0:
		return "< 1 %"
	case share < 1 && rounded == 100:
		return "> 99 %"
	}
	return strconv.Itoa(int(rounded)) + " %"
}

// roughly writes a time with as many digits as a simulation is good for.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	default:
		return fmt.Sprintf("%.1f d", d.Hours()/24)
	}
}

// shortDuration writes a duration as people say it: 500ms, 1.5s, 90s as 1m30s, 7d.
func shortDuration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	case d >= time.Second && d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
