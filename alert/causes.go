package alert

import (
	"fmt"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// causes is a template that lists the causes of the stream that fit best, in the order of the catalogue,
// with what to do first, and says when several fit equally well; without any it gives the fallback.
// Rules cannot read the findings, so that the texts of the catalogue are written into them. A cause
// that is not in it, of a newer ghostpair, is named.
func causes(fallback string) string {
	const each = `{{ range . }}{{ $cause := . | label "cause" }}`
	var b strings.Builder
	b.WriteString(`{{ with query (printf "ghostpair_route_cause_info{%s}" $stream) }}` +
		`{{ if eq (len .) 1 }}Likely cause:{{ else }}{{ len . }} causes fit equally well, and what would tell them apart is not known:{{ end }}`)
	var names []string
	for _, c := range diagnosis.Catalogue() {
		names = append(names, c.Name)
		fmt.Fprintf(&b, each+"{{ if eq $cause %q }}\n- %s (%s). First step: %s{{ end }}{{ end }}", c.Name, c.Title, c.Name, c.First)
	}
	fmt.Fprintf(&b, each+"{{ if not (match \"^(%s)$\" $cause) }}\n- {{ $cause }}{{ end }}{{ end }}", strings.Join(names, "|"))
	b.WriteString(`{{ else }}` + fallback + `{{ end }}`)
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
