package lab

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ghostpair/ghostpair/finding"
)

// summary prints the findings beside the truth.
func (l *laboratory) summary() {
	rows := []string{"signal\troute\terrors\ttrue\tverdict\tlag\ttrue mean\tpairs\tevidence peak"}
	for _, want := range expectations(l.log) {
		f, _ := pick(l.document, want.signal, want.Name)
		if want.errors == 0 && f.Errors == 0 {
			continue
		}
		truth := "-"
		if len(want.pairs) > 0 {
			truth = fmt.Sprintf("%.3f s", mean(want.pairs))
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%d\t%d\t%v\t%s\t%s\t%d\t%s", want.signal, want.Name, f.Errors, want.errors,
			f.Verdict, interval(f.LagSeconds, " s"), truth, len(want.pairs), power(f.EvidencePeakLog10)))
	}
	l.say("what ghostpair found beside what the clients saw (lag: estimate and 95 %% interval)")
	l.table(rows)
	l.causes()
	for _, source := range slices.Sorted(maps.Keys(l.document.ThresholdLog10)) {
		l.more("threshold of %s: %s", source, power(l.document.ThresholdLog10[source]))
	}
	q := l.document.Quality
	l.more("%d samples read; %d births, %d irregular scrape intervals, %d late samples", q.Samples, q.Births, q.Gaps, q.Late)
}

// causes prints why, as far as it can be told.
func (l *laboratory) causes() {
	rows := []string{"route\tat 1 s\tfirst cause\tat 15 s\tfirst cause\twaits of failed connects at 15 s"}
	for _, s := range scenarios() {
		fine, _ := pick(l.document, signal5xx, s.Name)
		coarse, _ := pick(l.coarse, signal5xx, s.Name)
		rows = append(rows, fmt.Sprintf("%s\t%v\t%s\t%v\t%s\t%s", s.Name, fine.Verdict, first(fine), coarse.Verdict, first(coarse), dwell(coarse)))
	}
	l.table(rows)
}

// first is the cause that leads, if any.
func first(f finding.Finding) string {
	if len(f.Causes) == 0 {
		return "-"
	}
	return f.Causes[0].Name
}
