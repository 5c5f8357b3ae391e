package config

import (
	"time"

	promconfig "github.com/prometheus/common/config"
)

const day = 24 * time.Hour

// Default returns the configuration of an empty file.
func Default() *Config {
	return &Config{
		Prometheus: Prometheus{
			URL:         "http://localhost:9090",
			HTTP:        promconfig.DefaultHTTPClientConfig,
			Protocol:    ProtocolAuto,
			Timeout:     30 * time.Second,
			Concurrency: 2,
		},
		Evaluate:                Evaluate{Every: 15 * time.Second, Delay: 30 * time.Second, History: 7 * day},
		FalseAlarmsPerMonth:     1,
		FalseSuspicionsPerMonth: 1,
		ClearBelow:              0.1,
		Fingerprints: []Fingerprint{
			{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond},
			{Name: "connect-timeout-10s", Lo: 10 * time.Second, Hi: 11500 * time.Millisecond},
		},
		Sources: []Source{
			named("envoy", defaultSource(KindEnvoy, Signal5xx)),
			named("envoy-connect", defaultSource(KindEnvoy, SignalConnectTimeout)),
			named("nlb", defaultSource(KindNLB, "")),
		},
		Limits:     Limits{Routes: 20000},
		Objectives: []Objective{defaultObjective()},
		Report:     Report{TimeZone: time.UTC, Schedule: ScheduleWeekly},
	}
}

func named(name string, s Source) Source {
	s.Name = name
	return s
}

func defaultObjective() Objective {
	return Objective{Route: ".*", Target: 0.999, Window: 28 * day}
}

// defaultSource returns what a source of the kind has when a key is omitted. A signal that is not
// known has no selector: the file must give it.
func defaultSource(kind, signal string) Source {
	if kind == KindNLB {
		return Source{Kind: kind, Selector: `{__name__=~"aws_networkelb_.+"}`, Delay: 15 * time.Minute}
	}
	s := Source{
		Kind:         kind,
		Signal:       signal,
		RouteLabels:  []string{"envoy_cluster_name"},
		TargetLabels: []string{"cluster", "namespace", "pod"},
		ViewLabels: []string{
			"job", "instance", "endpoint", "container", "service", "prometheus", "prometheus_replica", "replica",
		},
		Exclude: map[string]string{"envoy_cluster_name": "prometheus_stats|xds_cluster|admin"},
	}
	switch signal {
	case Signal5xx:
		s.Selector = `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}`
		s.Requests = "envoy_cluster_upstream_rq_xx"
	case SignalConnectTimeout:
		s.Selector = "envoy_cluster_upstream_cx_connect_timeout"
	}
	return s
}
