package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// directory is where the dashboards are.
const directory = "../../examples/dashboards"

// The dashboards of the repository are what the code builds.
func TestFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	built, err := files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range built {
		got, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run make golden", name)
		}
	}
	if kept, err := filepath.Glob(filepath.Join(directory, "*.json")); err != nil || len(kept) != len(built) {
		t.Errorf("%d files, but %d dashboards (%v)", len(kept), len(built), err)
	}
}

// What the repository holds is right by Grafana's own schema, and as people need it.
func TestDashboards(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	variables := map[string]string{
		"ghostpair-fleet.json":   "datasource job instance",
		"ghostpair-route.json":   "datasource job instance source signal fingerprint route",
		"ghostpair-service.json": "datasource job instance",
	}
	for path, want := range variables {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			d := read(t, filepath.Join(directory, path))
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
			checkPanels(t, d)
			checkLayout(t, d)
			var got []string
			for _, v := range d.Templating.List {
				got = append(got, v.Name)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("variables %v, want %s", got, want)
			}
		})
	}
}

// read reads a dashboard, and lets no key pass that the schema does not know.
func read(t *testing.T, path string) *dashboard.Dashboard {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = new(dashboard.Dashboard).UnmarshalJSONStrict(text)
	if problems := cog.BuildErrors(nil); !errors.As(err, &problems) || len(problems) > 0 { // an empty list: all is well
		t.Fatal(err)
	}
	d := new(dashboard.Dashboard)
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// checkPanels checks that every panel says what it shows, of which unit, and asks the Prometheus that
// was chosen; and that ids are unique.
func checkPanels(t *testing.T, d *dashboard.Dashboard) {
	t.Helper()
	ids := map[uint32]bool{}
	take := func(id uint32) {
		if id == 0 || ids[id] {
			t.Errorf("id %d is 0 or taken", id)
		}
		ids[id] = true
	}
	for _, p := range d.Panels {
		if p.RowPanel != nil {
			take(p.RowPanel.Id)
			continue
		}
		panel := p.Panel
		take(*panel.Id)
		if *panel.Title == "" || *panel.Description == "" || *panel.FieldConfig.Defaults.Unit == "" {
			t.Errorf("panel %d, %q, lacks a title, a description or a unit", *panel.Id, *panel.Title)
		}
		if panel.Datasource == nil || *panel.Datasource.Uid != "${datasource}" || len(panel.Targets) == 0 {
			t.Errorf("%s does not ask the chosen Prometheus", *panel.Title)
		}
	}
}

// checkLayout checks that no panel overlaps another, and none ends outside the grid of 24 columns.
func checkLayout(t *testing.T, d *dashboard.Dashboard) {
	t.Helper()
	type cell struct{ x, y uint32 }
	taken := map[cell]string{}
	for _, p := range d.Panels {
		if p.Panel == nil {
			continue
		}
		at := p.Panel.GridPos
		if at.X+at.W > 24 {
			t.Errorf("%s ends at column %d", *p.Panel.Title, at.X+at.W)
		}
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other := taken[cell{x, y}]; other != "" {
					t.Fatalf("%s lies on %s", *p.Panel.Title, other)
				}
				taken[cell{x, y}] = *p.Panel.Title
			}
		}
	}
}
