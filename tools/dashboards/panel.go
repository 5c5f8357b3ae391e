package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// A query of a panel. Without a format it is one over time.
type query struct {
	expr, legend string
	format       prometheus.PromQueryFormat
	instant      bool // the newest value only
}

// over asks for values over time.
func over(expr, legend string) query { return query{expr: expr, legend: legend} }

// now asks for the newest value.
func now(expr, legend string) query { return query{expr: expr, legend: legend, instant: true} }

// rows asks for the newest values, with every label a column.
func rows(expr string) query {
	return query{expr: expr, format: prometheus.PromQueryFormatTable, instant: true}
}

// A panel is what every kind of them has; kind is the rest.
type panel struct {
	title, about string
	unit         string
	width        uint32 // of 24
	height       uint32
	queries      []query
	kind         cog.Builder[dashboard.Panel]
}

// Build implements cog.Builder.
func (p panel) Build() (dashboard.Panel, error) {
	built, err := p.kind.Build()
	if err != nil {
		return built, err
	}
	source := datasource()
	built.Title, built.Description, built.Datasource = &p.title, &p.about, &source
	built.GridPos = &dashboard.GridPos{W: p.width, H: p.height}
	if built.FieldConfig == nil {
		built.FieldConfig = dashboard.NewFieldConfigSource()
	}
	built.FieldConfig.Defaults.Unit = &p.unit
	for i, q := range p.queries {
		target, err := q.target(string(rune('A' + i))).Build()
		if err != nil {
			return built, err
		}
		built.Targets = append(built.Targets, target)
	}
	return built, nil
}

func (q query) target(reference string) *prometheus.DataqueryBuilder {
	target := prometheus.NewDataqueryBuilder().RefId(reference).Datasource(datasource()).Expr(q.expr)
	if q.legend != "" {
		target = target.LegendFormat(q.legend)
	}
	if q.format != "" {
		target = target.Format(q.format)
	}
	if q.instant {
		return target.Instant()
	}
	return target.Range()
}

// datasource is the Prometheus that the reader of a dashboard has chosen.
func datasource() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}
}
