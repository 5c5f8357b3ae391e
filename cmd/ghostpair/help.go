package main

const about = `Finds errors that come in pairs at a known lag in the counters that Prometheus has.

A load balancer that drops a connection in silence leaves two errors five to six seconds apart, again
and again, spread thinly over services that have nothing else in common. No threshold sees them; the
gap does. ghostpair tests each route for pairs at such a lag, and promises how many false alarms to expect.

A first look at the last week:

    ghostpair backfill --prometheus.url=http://localhost:9090 --start=-7d

The service, and the rules that Prometheus should load:

    ghostpair serve --prometheus.url=http://localhost:9090
    ghostpair rules > ghostpair.rules.yml`

// usage is the template of --help: the commands in one line each, all about a command on demand.
const usage = `{{define "FormatCommand" -}}
{{if .FlagSummary}} {{.FlagSummary}}{{end -}}
{{range .Args}}{{if not .Hidden}} {{if not .Required}}[{{end}}<{{.Name}}>{{if .Value|IsCumulative}}...{{end}}{{if not .Required}}]{{end}}{{end}}{{end -}}
{{end -}}

{{if .Context.SelectedCommand -}}
usage: {{.App.Name}} {{.Context.SelectedCommand}}{{template "FormatCommand" .Context.SelectedCommand}}

{{if .Context.SelectedCommand.HelpLong}}{{.Context.SelectedCommand.HelpLong|Wrap 0}}{{else}}{{.Context.SelectedCommand.Help|Wrap 0}}{{end}}
{{else -}}
usage: {{.App.Name}}{{template "FormatCommand" .App}} <command> [<args> ...]

{{.App.Help|Wrap 0}}
{{end -}}
{{if .Context.Flags -}}
Flags:
{{.Context.Flags|FlagsToTwoColumns|FormatTwoColumns}}
{{end -}}
{{if .Context.Args -}}
Args:
{{.Context.Args|ArgsToTwoColumns|FormatTwoColumns}}
{{end -}}
{{if not .Context.SelectedCommand -}}
Commands:
{{range .App.FlattenedCommands}}{{if not .Hidden}}  {{.FullCommand}}{{template "FormatCommand" .}}
{{.Help|Wrap 4}}
{{end}}{{end -}}
Exit codes: 0 done; 1 could not do it; 2 wrong usage or configuration;
3 found what --fail-on names; 4 done in part.
{{end -}}
`
