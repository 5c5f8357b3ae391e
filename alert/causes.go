package alert

import (
	"fmt"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// causes is a template that lists the likeliest causes of the stream with what to do first; without
// any it gives the fallback. Rules cannot read the findings, so that the texts of the catalogue are written into them.
func causes(fallback string) string {
	var b strings.Builder
	b.WriteString(`{{ with query (printf "ghostpair_route_cause_info{%s}" $stream) }}What fits best:{{ range . | sortByLabel "cause" }}` + "\n" + `- {{ $cause := . | label "cause" }}`)
	for i, c := range diagnosis.Catalogue() {
		word := "else if"
		if i == 0 {
			word = "if"
		}
		fmt.Fprintf(&b, `{{ %s eq $cause %q }}%s. First step: %s`, word, c.Name, c.Title, c.First)
	}
	b.WriteString(`{{ else }}{{ $cause }}{{ end }}{{ end }}{{ else }}` + fallback + `{{ end }}`)
	return b.String()
}

// outcome is a template of what a check of the stream found.
func outcome(check string) string {
	return `{{ with query (printf "ghostpair_route_check{check=\"` + check + `\",%s}" $stream) }}{{ $outcome := . | first | label "outcome" }}` +
		`{{ if eq $outcome "supports" }}yes{{ else if eq $outcome "contradicts" }}no{{ else }}cannot tell{{ end }}{{ else }}not known{{ end }}`
}

const suspectedSummary = "Errors of {{ $labels.route }} last as long as a timeout"

func suspectedDescription() string {
	return streamMatchers + `The {{ $labels.signal }} errors of {{ $labels.route }} seem to come from the timeout {{ $labels.fingerprint }}: scrapes are too coarse to show errors in pairs, but other counters show how long they last.
Failed connects waited as long: ` + outcome(diagnosis.CheckDwellTime) +
		`. Requests took as long when there were errors: ` + outcome(diagnosis.CheckSlowBucket) +
		`. Failed connects were dropped, not refused: ` + outcome(diagnosis.CheckTimeoutShare) + ".\n" + causes(pairedFirst)
}
