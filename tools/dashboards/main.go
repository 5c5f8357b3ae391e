// Command dashboards writes the Grafana dashboards of ghostpair as JSON, for people to import: the
// fleet, one route, and the service itself. What it writes is part of the repository; a test compares.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dashboards DIRECTORY")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

// write puts every dashboard into a file of a directory.
func write(directory string) error {
	files, err := files()
	if err != nil {
		return err
	}
	var problems []error
	for name, text := range files {
		problems = append(problems, os.WriteFile(filepath.Join(directory, name), text, 0o644))
	}
	return errors.Join(problems...)
}

// files are the dashboards as text, by the name of their file.
func files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, builder := range []*dashboard.DashboardBuilder{fleet(), route(), service()} {
		built, err := builder.Build()
		if err != nil {
			return nil, fmt.Errorf("build a dashboard: %w", err)
		}
		number(&built)
		text, err := json.MarshalIndent(built, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("dashboard %s: %w", *built.Uid, err)
		}
		files[*built.Uid+".json"] = append(text, '\n')
	}
	return files, nil
}

// number gives every panel an id, which the links of Grafana to a panel need to last.
func number(d *dashboard.Dashboard) {
	for i := range d.Panels {
		id := uint32(i + 1)
		if d.Panels[i].Panel != nil {
			d.Panels[i].Panel.Id = &id
		} else {
			d.Panels[i].RowPanel.Id = id
		}
	}
}
