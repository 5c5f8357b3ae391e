package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// A verdict as a number, for panels that show one value for each route: the graver the higher.
var verdicts = []struct{ value, name, colour string }{
	{"3", "paired", "red"},
	{"2", "suspected", "orange"},
	{"1", "clear", "green"},
	{"0", "undecided", "#8e8e8e"},
}

// verdictNames map the numbers back to names.
func verdictNames() []dashboard.ValueMapping {
	names := map[string]dashboard.ValueMappingResult{}
	for i, v := range verdicts {
		names[v.value] = dashboard.ValueMappingResult{Text: &v.name, Color: &v.colour, Index: cog.ToPtr(int32(i))}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: names}}}
}

// verdictNumber is the verdict of each combination of these labels, as a number. Several ghostpairs
// that watch the same count once, with the gravest.
func verdictNumber(by, matchers string) string {
	expr := ""
	for _, v := range verdicts {
		if expr != "" {
			expr += "\n  or\n"
		}
		expr += "  " + v.value + " * ghostpair_route_verdict{" + matchers + `,verdict="` + v.name + `"}`
	}
	return "max by (" + by + ") (\n" + expr + "\n)"
}

// colour is that of a series.
func colour(name string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "color", Value: map[string]string{"mode": "fixed", "fixedColor": name}}}
}
