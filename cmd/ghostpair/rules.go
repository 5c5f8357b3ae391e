package main

import (
	"maps"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/ghostpair/ghostpair/alert"
)

const rulesHelp = `Prints the alerting rules that Prometheus should load. ghostpair itself notifies nobody: Prometheus
scrapes it, evaluates these rules, and Alertmanager pages.

    ghostpair rules > /etc/prometheus/rules/ghostpair.yml
    promtool check rules /etc/prometheus/rules/ghostpair.yml

With a configuration file, alerts about stale findings wait as long as its pace needs.`

// rulesCommand prints the rules.
func rulesCommand(app *kingpin.Application) (string, func(std) error) {
	var from connection
	o := alert.RuleOptions{Labels: map[string]string{}}
	labels := map[string]string{}
	cmd := app.Command("rules", "Print the alerting rules that Prometheus should load.").HelpLong(rulesHelp)
	from.flags(cmd)
	cmd.Flag("severity", "Label of alerts about proven pairs.").Default("warning").StringVar(&o.Severity)
	cmd.Flag("runbook.url", "Where the runbook is.").Default(alert.DefaultRunbook).StringVar(&o.Runbook)
	cmd.Flag("label", "Label to add to every alert. Repeatable.").PlaceHolder("NAME=VALUE").StringMapVar(&labels)
	return cmd.FullCommand(), func(s std) error {
		c, err := from.load()
		if err != nil {
			return usageError(err)
		}
		maps.Copy(o.Labels, labels)
		// Half the time that it takes until readiness ends would alert on one slow read.
		pace := 10 * (c.Evaluate.Every + c.Evaluate.Delay + timingDelay(c))
		o.StaleAfter = max(defaultStaleAfter, pace)
		text, err := alert.Rules(o)
		if err != nil {
			return usageError(err)
		}
		_, err = s.out.Write(text)
		return err
	}
}

// defaultStaleAfter is how old findings may be before that is an alert, at any usual pace.
const defaultStaleAfter = 10 * time.Minute
