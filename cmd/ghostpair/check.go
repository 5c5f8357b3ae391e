package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
)

const checkHelp = `Checks a configuration and says all that is wrong with it at once: each problem with its line, its
place and what to do about it. Nothing is asked of Prometheus.

    ghostpair check --config.file=ghostpair.yml

Exit codes: 0 it is fine; 2 it is not. With --print the configuration is printed as it is
understood, every default included and secrets shown as <secret>:

    ghostpair check --print`

// checkCommand validates a configuration.
func checkCommand(app *kingpin.Application) (string, func(std) error) {
	var from connection
	cmd := app.Command("check", "Check the configuration: all problems at once, with their lines.").HelpLong(checkHelp)
	from.flags(cmd)
	show := cmd.Flag("print", "Print the configuration as it is understood.").Bool()
	return cmd.FullCommand(), func(s std) error {
		c, err := from.load()
		if err != nil {
			return usageError(err)
		}
		if _, err := engineOptions(c, score.NewCache(), hooks{}); err != nil {
			return usageError(err)
		}
		for _, w := range c.Warnings() {
			fmt.Fprintf(s.err, "warning: %s\n", w)
		}
		if *show {
			text, err := c.YAML()
			if err != nil {
				return err
			}
			_, err = s.out.Write(text)
			return err
		}
		return summarize(c, s)
	}
}

// summarize says in a few lines what a configuration amounts to.
func summarize(c *config.Config, s std) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The configuration is fine.\n\nprometheus    %s\n", c.Prometheus.RedactedURL())
	for _, source := range c.Sources {
		use := "tested for pairs, signal " + source.Signal
		if !source.Timing() {
			use = "shown only"
		}
		fmt.Fprintf(&b, "source        %s: %s\n              %s\n", source.Name, use, source.Selector)
	}
	for _, f := range c.Fingerprints {
		fmt.Fprintf(&b, "fingerprint   %s: %s to %s\n", f.Name, seconds(f.Lo), seconds(f.Hi))
		fp := score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi}
		if coarsest := score.LargestResolvableMillis(fp); coarsest > 0 {
			fmt.Fprintf(&b, "              can be seen at scrape intervals up to %s\n", seconds(time.Duration(coarsest)*time.Millisecond))
		}
	}
	fmt.Fprintf(&b, "false alarms  at most %g a month are to be expected, over everything that is watched\n", c.FalseAlarmsPerMonth)
	fmt.Fprintf(&b, "history       %s are read at a first start, then every %s, %s behind now\n",
		spell(c.Evaluate.History), spell(c.Evaluate.Every), spell(c.Evaluate.Delay))
	_, err := s.out.Write([]byte(b.String()))
	return err
}

// spell writes a duration as people do: 7d, where Prometheus would make it 1w.
func spell(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return model.Duration(d).String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }
