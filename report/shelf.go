package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/durable"
)

// kept is how many reports a shelf holds: a year of weeks.
const kept = 53

// file is the name of a report on a shelf.
var file = regexp.MustCompile(`^(\d{4}-W\d{2}|current)\.(html|json)$`)

// current is the name of the report on the latest days, which each new one replaces.
const current = "current"

// Shelf keeps the latest weekly reports in a directory, and one on the latest days, and shows them. It is safe for concurrent use
// by one writer and any number of readers: files are renamed into place.
type Shelf struct{ directory string }

// NewShelf returns the shelf in a directory, which is made when it is missing.
func NewShelf(directory string) (*Shelf, error) {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	return &Shelf{directory}, nil
}

// Put adds the report of a week, and drops the oldest that are too many.
func (s *Shelf) Put(r *Report) error {
	if r.Period.noun() != "week" {
		return fmt.Errorf("reports: %q is no week", r.Period.Name)
	}
	if err := s.put(r.Period.Name, r); err != nil {
		return err
	}
	names := s.Names()
	for _, old := range names[min(kept, len(names)):] {
		for _, format := range []string{".json", ".html"} {
			if err := os.Remove(filepath.Join(s.directory, old+format)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("reports: %w", err)
			}
		}
	}
	return nil
}

// PutCurrent sets the report on the latest days.
func (s *Shelf) PutCurrent(r *Report) error { return s.put(current, r) }

// put writes both files of a report. The JSON comes last: a report is there when it is.
func (s *Shelf) put(base string, r *Report) error {
	for _, format := range []string{"html", "json"} {
		name := base + "." + format
		if !file.MatchString(name) {
			return fmt.Errorf("reports: %q is no name of a report", base)
		}
		err := durable.Write(filepath.Join(s.directory, name), 0o644, func(w io.Writer) error { return r.Write(w, format) })
		if err != nil {
			return fmt.Errorf("reports: write %s: %w", name, err)
		}
	}
	return nil
}

// Names lists the weeks of which there is a report, the newest first.
func (s *Shelf) Names() []string {
	entries, err := os.ReadDir(s.directory)
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if m := file.FindStringSubmatch(entry.Name()); m != nil && m[1] != current && m[2] == "json" {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names
}

// Has tells whether there is a report of a week.
func (s *Shelf) Has(name string) bool { return slices.Contains(s.Names(), name) }

// Latest reads the report that ends last, of a week or of the latest days; nil when there is none that
// can be read.
func (s *Shelf) Latest() *Report {
	latest := s.read(current)
	for _, name := range s.Names() {
		if r := s.read(name); r != nil {
			if latest == nil || r.Period.End.After(latest.Period.End) {
				return r
			}
			break
		}
	}
	return latest
}

// read returns a report; nil when it is not there or cannot be read.
func (s *Shelf) read(name string) *Report {
	text, err := os.ReadFile(filepath.Join(s.directory, name+".json"))
	r := new(Report)
	if err != nil || json.Unmarshal(text, r) != nil || r.Version != DocumentVersion {
		return nil
	}
	return r
}

var list = template.Must(template.New("list").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Reports of ghostpair</title>
<style>:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:640px;margin:40px auto;padding:0 20px}</style></head>
<body><h1>Error budgets, week by week</h1>
{{if .Current}}<p><a href="current.html">The latest seven days</a> (<a href="current.json">JSON</a>)</p>{{end}}
{{if .Weeks}}<ul>{{range .Weeks}}<li><a href="{{.}}.html">{{.}}</a> (<a href="{{.}}.json">JSON</a>)</li>{{end}}</ul>
{{else}}<p>There is none yet. The first is written when a week has ended.</p>{{end}}
</body></html>
`))

// ServeHTTP shows the list under /reports/, and each report by the name of its file.
func (s *Shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	name := strings.TrimPrefix(r.URL.Path, "/reports/")
	switch {
	case name == "":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := os.Stat(filepath.Join(s.directory, current+".json"))
		_ = list.Execute(w, map[string]any{"Current": err == nil, "Weeks": s.Names()}) // the client may be gone
	case file.MatchString(name):
		http.ServeFile(w, r, filepath.Join(s.directory, name))
	default:
		http.NotFound(w, r)
	}
}
