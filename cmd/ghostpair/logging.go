package main

import (
	"errors"
	"io"
	"log/slog"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
)

// logging is how a command logs, to standard error.
type logging struct {
	level, format string
}

func (l *logging) flags(cmd *kingpin.CmdClause) {
	cmd.Flag("log.level", "Only log messages of this severity or above: debug, info, warn or error.").Default("info").EnumVar(&l.level, "debug", "info", "warn", "error")
	cmd.Flag("log.format", "Format of log messages: logfmt or json.").Default("logfmt").EnumVar(&l.format, "logfmt", "json")
}

func (l *logging) logger(w io.Writer) *slog.Logger {
	c := promslog.Config{Level: promslog.NewLevel(), Format: promslog.NewFormat(), Writer: w}
	if err := errors.Join(c.Level.Set(l.level), c.Format.Set(l.format)); err != nil {
		panic(err) // the flags allow nothing else
	}
	return promslog.New(&c)
}
