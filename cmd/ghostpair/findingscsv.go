package main

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis/explain"
	"github.com/ghostpair/ghostpair/finding"
)

// csvColumns are the columns of --output=csv, in order. New ones are added at the end.
var csvColumns = []string{
	"source", "signal", "route", "fingerprint", "verdict", "reasons", "labels", "level", "kernel",
	"evidence_log10", "evidence_peak_log10", "e_value", "sideband_p_value", "first_pair", "first_alarm",
	"errors", "targets", "scrape_interval_seconds", "exposure_seconds",
	"lag_seconds", "lag_seconds_lower", "lag_seconds_upper",
	"pair_ratio", "pair_ratio_lower", "pair_ratio_upper", "pairs", "advice",
	"causes", "first_step", "supported", "contradicted",
}

// writeCSV writes one row a finding, as RFC 4180 has it but with plain line ends. A value that does
// not exist is an empty field.
func writeCSV(w io.Writer, findings []finding.Finding) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvColumns); err != nil {
		return err
	}
	for i := range findings {
		if err := out.Write(csvRow(&findings[i])); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func csvRow(f *finding.Finding) []string {
	row := []string{
		f.Source, f.Signal, f.Route, f.Fingerprint, f.Verdict.String(),
		strings.Join(f.Reasons, " "), strings.Join(f.Labels, " "), f.Level, f.Kernel,
		csvNumber(f.EvidenceLog10), csvNumber(f.EvidencePeakLog10), csvNumber(f.EValue), csvNumber(f.SidebandPValue),
		csvTime(f.FirstPair), csvTime(f.FirstAlarm),
		strconv.FormatInt(f.Errors, 10), strconv.Itoa(f.Targets), csvNumber(f.ScrapeIntervalSeconds), csvNumber(&f.ExposureSeconds),
	}
	row = append(append(row, csvInterval(f.LagSeconds)...), csvInterval(f.PairRatio)...)
	pairs := 0.0
	for _, day := range f.PairsByDay {
		pairs += day.Pairs
	}
	return append(append(row, csvNumber(&pairs), f.Advice), csvCauses(f)...)
}

// csvCauses are the causes that fit best, several where they fit equally well, with the first step of
// the first, and the names of the checks by outcome.
func csvCauses(f *finding.Finding) []string {
	e := explain.Of(f)
	var causes, supported, contradicted []string
	step := ""
	for i, c := range e.Leading {
		causes = append(causes, c.Name)
		if i == 0 {
			step = c.FirstStep
		}
	}
	for _, c := range e.Supported {
		supported = append(supported, c.Name)
	}
	for _, c := range e.Contradicted {
		contradicted = append(contradicted, c.Name)
	}
	return []string{strings.Join(causes, " "), step, strings.Join(supported, " "), strings.Join(contradicted, " ")}
}

func csvInterval(v *finding.Interval) []string {
	if v == nil {
		return []string{"", "", ""}
	}
	return []string{csvNumber(&v.Estimate), csvNumber(&v.Lower), csvNumber(&v.Upper)}
}

func csvNumber(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func csvTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
