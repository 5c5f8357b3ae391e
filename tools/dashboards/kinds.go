package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// lines draws values over time.
func lines() *timeseries.PanelBuilder {
	return timeseries.NewPanelBuilder().
		AxisSoftMin(0).FillOpacity(8).LineWidth(1).ShowPoints(common.VisibilityModeNever).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
}

// stacked draws parts of a whole over time.
func stacked() *timeseries.PanelBuilder {
	return lines().FillOpacity(40).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// interval draws an estimate and the band between its bounds, from series with these names.
func interval() *timeseries.PanelBuilder {
	hidden := func(more ...dashboard.DynamicConfigValue) []dashboard.DynamicConfigValue {
		return append(more, dashboard.DynamicConfigValue{Id: "custom.lineWidth", Value: 0})
	}
	return lines().FillOpacity(0).LineWidth(2).
		OverrideByName("upper", hidden(
			dashboard.DynamicConfigValue{Id: "custom.fillBelowTo", Value: "lower"},
			dashboard.DynamicConfigValue{Id: "custom.fillOpacity", Value: 20},
		)).
		OverrideByName("lower", hidden())
}

// figure shows one number.
func figure() *stat.PanelBuilder {
	return stat.NewPanelBuilder().Orientation(common.VizOrientationAuto).
		GraphMode(common.BigValueGraphModeNone).ColorMode(common.BigValueColorModeValue).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
}

// counted shows one number that is fine while it is 0.
func counted(otherwise string) *stat.PanelBuilder {
	return figure().Thresholds(steps("green", step{1, otherwise}))
}

// bars shows one bar for each series.
func bars() *bargauge.PanelBuilder {
	return bargauge.NewPanelBuilder().
		Orientation(common.VizOrientationHorizontal).DisplayMode(common.BarGaugeDisplayModeBasic).ShowUnfilled(true).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
}

// grid shows rows.
func grid() *table.PanelBuilder {
	return table.NewPanelBuilder().CellHeight(common.TableCellHeightSm).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{}))
}

// heat shows how a histogram changes.
func heat() *heatmap.PanelBuilder {
	return heatmap.NewPanelBuilder().Calculate(false).HideLegend().
		YAxis(heatmap.NewYAxisConfigBuilder().Unit("s").AxisPlacement(common.AxisPlacementLeft)).
		Tooltip(heatmap.NewHeatmapTooltipBuilder().Mode(common.TooltipDisplayModeSingle).YHistogram(true)).
		CellGap(1)
}

// states shows which verdict held when.
func states() *statetimeline.PanelBuilder {
	return statetimeline.NewPanelBuilder().Mappings(verdictNames()).MergeValues(true).RowHeight(0.8).
		ShowValue(common.VisibilityModeNever).FillOpacity(80).LineWidth(0).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeSingle).Sort(common.SortOrderNone)).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom))
}

// A step is a value from which on another colour is used.
type step struct {
	from   float64
	colour string
}

func steps(base string, more ...step) cog.Builder[dashboard.ThresholdsConfig] {
	all := []dashboard.Threshold{{Color: base}}
	for _, s := range more {
		all = append(all, dashboard.Threshold{Value: &s.from, Color: s.colour})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(all)
}

// columns shows the results of several queries as one table: a row for each combination of labels, the
// values in columns with these names.
func columns(names map[string]string) *table.PanelBuilder {
	return grid().
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}).
		WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
			"excludeByName": map[string]bool{"Time": true}, "renameByName": names,
		}})
}

// labelsOnly shows the labels of series that are always 1.
func labelsOnly() *table.PanelBuilder {
	return grid().WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
		"excludeByName": map[string]bool{"Time": true, "Value": true},
	}})
}

// column says how a column is shown.
func column(unit string, decimals int) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "unit", Value: unit}, {Id: "decimals", Value: decimals}}
}
