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
	b.WriteString(wrap(headline(answers), 100) + "\n\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.StripEscape)
	limits := limits(time.Duration(f.horizon))
	fmt.Fprint(table, "SCRAPE\t1 IN 10 BY\tHALF BY\t9 IN 10 BY")
	for _, limit := range limits {
		fmt.Fprintf(table, "\tWITHIN %s", shortDuration(limit))
	}
	fmt.Fprintln(table, "\tFALSE")
	for _, a := range answers {
		fmt.Fprintln(table, row(a, limits))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	b.WriteString("\n" + f.assumptions(answers[0]) + notes(answers))
	_, err := io.WriteString(w, b.String())
	return err
}

// limits are the times by which the table says how many runs were found, up to the horizon.
func limits(horizon time.Duration) []time.Duration {
	all := []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, horizon}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(d time.Duration) bool { return d > horizon })
}

func row(a *power.Answer, limits []time.Duration) string {
	cells := []string{shortDuration(a.Question.ScrapeInterval)}
	if !a.Resolvable {
		return cells[0] + "\t" + "\xffcannot show this lag: " + atLeastEvery(a.LargestInterval) + "\xff"
	}
	for _, share := range []float64{0.1, 0.5, 0.9} {
		cells = append(cells, within(a, share))
	}
	for _, limit := range limits {
		cells = append(cells, percent(a.Within(limit)))
	}
	cells = append(cells, strconv.Itoa(a.FalseAlarms))
	return strings.Join(cells, "\t")
}

// within says by when a share of the runs was found.
func within(a *power.Answer, share float64) string {
	if d, ok := a.Quantile(share); ok {
		return roughly(d)
	}
	return "> " + shortDuration(a.Plan.Horizon)
}

// headline is the answer in one sentence.
func headline(answers []*power.Answer) string {
	fine := slices.DeleteFunc(slices.Clone(answers), func(a *power.Answer) bool { return !a.Resolvable })
	coarse := slices.DeleteFunc(slices.Clone(answers), func(a *power.Answer) bool { return a.Resolvable })
	lag := lagText(answers[0])
	switch {
	case len(fine) == 0:
		return fmt.Sprintf("No: a scrape every %s cannot show that errors are %s apart, however many pairs there are: %s.",
			listed(coarse), lag, atLeastEvery(coarse[0].LargestInterval))
	case len(answers) == 1:
		return opinion(fine[0]) + "."
	}
	best := fine[0]
	for _, a := range fine {
		if a.Within(enough) >= 0.9 {
			best = a // the coarsest that is quick
		}
	}
	sentence := opinion(best)
	if len(coarse) > 0 {
		sentence += fmt.Sprintf("; %s cannot show the lag at all", listed(coarse))
	}
	return sentence + "."
}

// enough is how soon nine in ten faults should be found.
const enough = 24 * time.Hour

// opinion judges one scrape interval that can show the lag.
func opinion(a *power.Answer) string {
	q := a.Question
	subject := fmt.Sprintf("%g pairs an hour, %s apart", q.PairsPerHour, lagText(a))
	if q.PairsPerHour == 1 {
		subject = fmt.Sprintf("one pair an hour, %s apart", lagText(a))
	}
	every := "a scrape every " + shortDuration(q.ScrapeInterval)
	share := a.Within(a.Plan.Horizon)
	ninth, most := a.Quantile(0.9)
	half, some := a.Quantile(0.5)
	switch {
	case q.PairsPerHour == 0:
		return fmt.Sprintf("With %s the lag can be told, but there are no pairs to find", every)
	case most && ninth <= enough:
		return fmt.Sprintf("Yes: with %s half of the faults with %s are found within %s, nine in ten within %s", every, subject, roughly(half), roughly(ninth))
	case most:
		return fmt.Sprintf("Yes, but slowly: with %s half of the faults with %s are found within %s, nine in ten within %s", every, subject, roughly(half), roughly(ninth))
	case some:
		return fmt.Sprintf("Only in part: with %s half of the faults with %s are found within %s, and %s within %s", every, subject, roughly(half), percent(share), shortDuration(a.Plan.Horizon))
	default:
		return fmt.Sprintf("Hardly: with %s only %s of the faults with %s are found within %s", every, percent(share), subject, shortDuration(a.Plan.Horizon))
	}
}

// assumptions says what the table holds for.
func (f *powerFlags) assumptions(a *power.Answer) string {
	other := fmt.Sprintf("%g other errors an hour (%s)", f.errorsPerHour, f.background)
	if f.background == "none" || f.errorsPerHour == 0 {
		other = "no other errors"
	}
	where := "both on one target"
	if f.across {
		where = "each error on any target"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "One route on %d targets: %g pairs an hour, %s, and %s.\n", f.targets, f.pairsPerHour, where, other)
	fmt.Fprintf(&b, "Evidence must reach %.2g: %d routes, %d fingerprints, %d sources, %g false alarms a month.\n",
		a.Threshold, f.routes, f.fingerprints, f.sources, f.falseAlarms)
	fmt.Fprintf(&b, "%d runs of %s each, seed %d. FALSE: alarms in as many runs without pairs, of which at most %.2g are to be expected.\n",
		f.runs, shortDuration(a.Plan.Horizon), f.seed, a.ExpectedFalseAlarms())
	return b.String()
}

// notes says what the numbers do not.
func notes(answers []*power.Answer) string {
	var b strings.Builder
	for _, a := range answers {
		if a.Question.Across && a.Question.Targets > 1 && a.Resolvable && !a.ResolvableAcross {
			fmt.Fprintf(&b, "%s: only pairs that happen to hit one target twice can be told at this interval.\n", shortDuration(a.Question.ScrapeInterval))
		}
	}
	return b.String()
}

func lagText(a *power.Answer) string {
	fp := a.Question.Fingerprint
	return fmt.Sprintf("%g to %g s", fp.Lo.Seconds(), fp.Hi.Seconds())
}

func atLeastEvery(d time.Duration) string {
	if d == 0 {
		return "no scrape interval does"
	}
	return "scrape every " + shortDuration(d) + " or more often"
}

// listed lists scrape intervals, as in "5s and 15s".
func listed(answers []*power.Answer) string {
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

// wrap breaks a text into lines of at most so many characters.
func wrap(text string, columns int) string {
	var b strings.Builder
	length := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case length+1+len(word) > columns:
			b.WriteByte('\n')
			length = 0
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String()
}
