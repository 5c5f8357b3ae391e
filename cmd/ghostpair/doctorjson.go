package main

import (
	"encoding/json"
	"io"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/survey"
)

// doctorDocument is what --output=json prints. Times are RFC 3339, durations in seconds, shares between 0
// and 1; what is not known is null.
type doctorDocument struct {
	Version    int             `json:"version"`
	Prometheus string          `json:"prometheus"`
	Worst      survey.Severity `json:"worst"`
	*survey.Examination
}

func writeDoctorJSON(w io.Writer, c *config.Config, e *survey.Examination) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(doctorDocument{1, c.Prometheus.RedactedURL(), survey.Worst(e.Findings), e})
}
