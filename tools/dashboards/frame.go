package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// own selects the ghostpairs that the reader has chosen.
const own = `job=~"$job",instance=~"$instance"`

// Labels that tell findings, and routes, apart.
const (
	ofStream = "source, signal, route, fingerprint"
	ofRoute  = "source, signal, route"
)

// page starts a dashboard: what all of them have.
func page(uid, title, about string) *dashboard.DashboardBuilder {
	return dashboard.NewDashboardBuilder(title).Uid(uid).Description(about).
		Tags([]string{"ghostpair"}).Time("now-24h", "now").Refresh("1m").Timezone(common.TimeZoneBrowser).
		Editable().Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("ghostpair").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{"ghostpair"}).IncludeVars(true).KeepTime(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Prometheus").Type("prometheus")).
		WithVariable(several("job", "label_values(ghostpair_build_info, job)")).
		WithVariable(several("instance", `label_values(ghostpair_build_info{job=~"$job"}, instance)`))
}

// firing marks when alerts of ghostpair fired.
func firing(matchers string) *dashboard.AnnotationQueryBuilder {
	return dashboard.NewAnnotationQueryBuilder().Name("Alerts").Datasource(datasource()).Enable(true).IconColor("red").
		Expr(`ALERTS{alertname=~"Ghostpair.+",alertstate="firing"` + matchers + `}`).
		TitleFormat("{{alertname}}").TextFormat("{{route}} {{fingerprint}}").Step("60s")
}

// several is a variable of which any number may be chosen; all are at first.
func several(name, query string) *dashboard.QueryVariableBuilder {
	return one(name, query).Multi(true).IncludeAll(true).AllValue(".+").Current(dashboard.VariableOption{
		Selected: cog.ToPtr(true),
		Text:     dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value:    dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
	})
}

// one is a variable of which one value is chosen.
func one(name, query string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).Label(name).Datasource(datasource()).
		Query(dashboard.StringOrMap{Map: map[string]any{"query": query, "refId": name}}).
		Definition(query).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc)
}

func row(title string) *dashboard.RowBuilder { return dashboard.NewRowBuilder(title) }

// with adds panels to a dashboard.
func with(d *dashboard.DashboardBuilder, panels []panel) *dashboard.DashboardBuilder {
	for _, p := range panels {
		d = d.WithPanel(p)
	}
	return d
}
