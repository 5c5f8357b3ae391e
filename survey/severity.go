package survey

import "fmt"

// Severity is how much a finding matters. The zero value is OK.
type Severity uint8

// The severities, in order.
const (
	OK      Severity = iota // as it should be
	Note                    // worth knowing, or a loss of detail
	Warning                 // something that could be seen is not
	Problem                 // nothing can be found as it stands
)

var severityNames = [...]string{"ok", "note", "warning", "problem"}

// String returns the name that JSON and flags carry.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// MarshalText writes the name of s.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing that was found, with its consequence.
type Finding struct {
	Topic    string   `json:"topic"` // server, source, scrape, fingerprint, signal, kubernetes, load-balancer, history
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`  // one line
	Detail   string   `json:"detail"` // what it means, and what to do; may be empty
	Remedy   string   `json:"remedy"` // name of a remedy, or empty
}

// Remedy is something to paste.
type Remedy struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Why   string `json:"why"`
	Text  string `json:"text"`
}

// Worst returns the worst severity among findings.
func Worst(findings []Finding) Severity {
	worst := OK
	for _, f := range findings {
		worst = max(worst, f.Severity)
	}
	return worst
}
