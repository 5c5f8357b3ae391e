package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/survey"
)

// preflightDocument is what --output=json prints. Shares are between 0 and 1; what is not known is null or
// empty.
type preflightDocument struct {
	Version    int       `json:"version"`
	Prometheus string    `json:"prometheus"`
	At         time.Time `json:"at"`
	Service    string    `json:"service"`
	Targets    string    `json:"targets"`
	Clients    []string  `json:"clients"`

	diagnosis.PreflightResult
	Inputs            preflightInputs `json:"inputs"`
	LoadBalancer      *survey.Hosts   `json:"load_balancer"`
	UnknownAttributes []string        `json:"unknown_attributes"`
	Problems          []string        `json:"problems"`
}

// preflightInputs are what the answer rests on.
type preflightInputs struct {
	Nodes                 int    `json:"nodes"`
	TargetType            string `json:"target_type"`
	Protocol              string `json:"protocol"`
	ExternalTrafficPolicy string `json:"external_traffic_policy"`
	HealthCheckProtocol   string `json:"health_check_protocol"`
	HealthCheckPort       string `json:"health_check_port"`
	PreserveClientIP      *bool  `json:"preserve_client_ip"`
	ProxyProtocolV2       *bool  `json:"proxy_protocol_v2"`
	CrossZone             *bool  `json:"cross_zone"`
	StickySource          *bool  `json:"sticky_source"`
}

func writePreflightJSON(w io.Writer, c *config.Config, o survey.PreflightOptions, p *survey.Placement) error {
	in := p.Input
	clients := o.Clients
	if clients == nil {
		clients = []string{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(preflightDocument{
		Version: 1, Prometheus: c.Prometheus.RedactedURL(), At: p.At, Service: o.Service, Targets: o.Targets, Clients: clients,
		PreflightResult: p.Result,
		Inputs: preflightInputs{
			len(in.Nodes), in.TargetType, in.Protocol, in.ExternalTrafficPolicy, in.HealthCheckProtocol, in.HealthCheckPort,
			in.PreserveClientIP, in.ProxyProtocolV2, in.CrossZone, in.StickySource,
		},
		LoadBalancer: p.Hosts, UnknownAttributes: p.UnknownAttributes, Problems: p.Problems,
	})
}
