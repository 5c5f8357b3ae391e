package main

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/ghostpair/ghostpair/config"
)

// connection is where a command gets its configuration from: a file, or an address.
type connection struct {
	configFile, httpFile string
	urls                 []string
}

func (c *connection) flags(cmd *kingpin.CmdClause) {
	cmd.Flag("config.file", "Configuration file. Without one, everything has its default.").PlaceHolder("FILE").StringVar(&c.configFile)
	cmd.Flag("prometheus.url", "The Prometheus to read, when there is no configuration file. Repeat it for several that watch the same, such as an HA pair. (default: http://localhost:9090)").PlaceHolder("URL").StringsVar(&c.urls)
	cmd.Flag("http.config.file", "File with the credentials for --prometheus.url, as promtool takes it: basic_auth, authorization, tls_config, http_headers and so on.").PlaceHolder("FILE").StringVar(&c.httpFile)
}

// load returns the configuration that the flags ask for. Its error lists all problems.
func (c *connection) load() (*config.Config, error) {
	loaded, err := c.read()
	if n := len(config.Problems(err)); n > 0 {
		return nil, fmt.Errorf("the configuration has %s:\n%w", plural(n, "problem"), err)
	}
	return loaded, err
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (c *connection) read() (*config.Config, error) {
	if c.configFile != "" {
		if len(c.urls) > 0 || c.httpFile != "" {
			return nil, errors.New("--config.file holds the address and credentials of Prometheus: leave --prometheus.url and --http.config.file out, or the file")
		}
		return config.Load(c.configFile)
	}
	parsed := config.Default()
	if len(c.urls) > 0 {
		var err error
		if parsed, err = config.ForURL("--prometheus.url", c.urls[0], c.urls[1:]...); err != nil {
			return nil, err
		}
	}
	if c.httpFile != "" {
		http, err := config.LoadHTTP(c.httpFile)
		if err != nil {
			return nil, err
		}
		parsed.Prometheus.HTTP = http
	}
	return parsed, nil
}
