package score

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// ReadReference reads tables from the JSON of the reference implementation: an object whose
// "tables" hold "delta_ms", "lo" and "hi" in seconds, "growth_same", "growth_cross", and "H", the
// scores by kernel, ρ and slot. Tests of all packages use those tables, so that the tolerance of
// the solver does not spread.
func ReadReference(r io.Reader) ([]*Table, error) {
	var file struct {
		Phases int `json:"phases"`
		Tables []struct {
			DeltaMillis int64         `json:"delta_ms"`
			Lo          float64       `json:"lo"`
			Hi          float64       `json:"hi"`
			GrowthSame  float64       `json:"growth_same"`
			GrowthAny   float64       `json:"growth_cross"`
			Scores      [][][]float64 `json:"H"`
		} `json:"tables"`
	}
	if err := json.NewDecoder(r).Decode(&file); err != nil {
		return nil, fmt.Errorf("reference tables: %w", err)
	}
	if file.Phases != Phases {
		return nil, fmt.Errorf("reference tables: %d phases, want %d", file.Phases, Phases)
	}
	tables := make([]*Table, 0, len(file.Tables))
	for _, row := range file.Tables {
		fp := Fingerprint{Lo: seconds(row.Lo), Hi: seconds(row.Hi)}
		if err := validate(row.DeltaMillis, fp); err != nil {
			return nil, fmt.Errorf("reference tables: %w", err)
		}
		t := newTable(row.DeltaMillis, fp)
		t.GrowthSame, t.GrowthAny, t.Scores = row.GrowthSame, row.GrowthAny, row.Scores
		if err := t.checkShape(); err != nil {
			return nil, fmt.Errorf("reference tables: %w", err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// seconds converts to a duration, to the nearest microsecond.
func seconds(s float64) time.Duration {
	return time.Duration(s*1e6+0.5) * time.Microsecond
}

// checkShape tells whether the scores have a number for every kernel, ρ and slot.
func (t *Table) checkShape() error {
	if len(t.Scores) != len(t.Kernels) {
		return fmt.Errorf("table of [%v, %v] at %d ms: %d kernels, want %d",
			t.Fingerprint.Lo, t.Fingerprint.Hi, t.DeltaMillis, len(t.Scores), len(t.Kernels))
	}
	for _, byRho := range t.Scores {
		if len(byRho) != rhoCount {
			return fmt.Errorf("table of [%v, %v] at %d ms: %d rows, want %d",
				t.Fingerprint.Lo, t.Fingerprint.Hi, t.DeltaMillis, len(byRho), rhoCount)
		}
		for _, row := range byRho {
			if len(row) != t.Slots()*Phases {
				return fmt.Errorf("table of [%v, %v] at %d ms: %d scores, want %d",
					t.Fingerprint.Lo, t.Fingerprint.Hi, t.DeltaMillis, len(row), t.Slots()*Phases)
			}
		}
	}
	return nil
}
