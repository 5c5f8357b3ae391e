package main

import (
	"fmt"
	"log/slog"

	"github.com/alecthomas/kingpin/v2"

	"github.com/ghostpair/ghostpair/config"
)

// openSLO is the flag that takes objectives from OpenSLO files.
type openSLO struct{ pattern string }

func (o *openSLO) flags(cmd *kingpin.CmdClause) {
	cmd.Flag("objectives.openslo", "OpenSLO v1 files with objectives, which come before those of the configuration. What does not fit is said.").PlaceHolder("GLOB").StringVar(&o.pattern)
}

// add puts the objectives of the files before those of the configuration, and returns what was left out.
func (o *openSLO) add(c *config.Config) (left []string, err error) {
	if o.pattern == "" {
		return nil, nil
	}
	objectives, left, err := config.LoadOpenSLO(o.pattern)
	if err != nil {
		return left, fmt.Errorf("--objectives.openslo: %w", err)
	}
	c.Objectives = append(objectives, c.Objectives...)
	return left, nil
}

// load adds the objectives whenever the configuration is loaded, and logs what does not fit.
func (o *openSLO) load(load func() (*config.Config, error), logger *slog.Logger) func() (*config.Config, error) {
	return func() (*config.Config, error) {
		c, err := load()
		if err == nil {
			var left []string
			left, err = o.add(c)
			for _, what := range left {
				logger.Warn(what)
			}
		}
		return c, err
	}
}
