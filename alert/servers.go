package alert

import "github.com/prometheus/client_golang/prometheus"

// Server is a Prometheus that is read.
type Server struct {
	URL     string // without credentials
	Answers bool   // whether the latest read went well
	Mixed   bool   // whether it is several, with scrape times of their own
}

// Servers is a collector of the state of the servers. It holds none itself.
type Servers struct {
	up, mixed *prometheus.Desc
	servers   func() []Server
}

// NewServers returns a collector of what servers returns.
func NewServers(servers func() []Server) *Servers {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "prometheus", name), help, []string{"server"}, nil)
	}
	return &Servers{
		up:      describe("up", "Whether the latest read from the server went well."),
		mixed:   describe("mixed", "Whether several Prometheis, each with scrape times of its own, answer at the address in turn."),
		servers: servers,
	}
}

// Describe implements prometheus.Collector.
func (s *Servers) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- s.up
	descriptions <- s.mixed
}

// Collect implements prometheus.Collector.
func (s *Servers) Collect(metrics chan<- prometheus.Metric) {
	for _, server := range s.servers() {
		metrics <- prometheus.MustNewConstMetric(s.up, prometheus.GaugeValue, truth(server.Answers), server.URL)
		metrics <- prometheus.MustNewConstMetric(s.mixed, prometheus.GaugeValue, truth(server.Mixed), server.URL)
	}
}
