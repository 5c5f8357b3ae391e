package diagnosis

import (
	"testing"
)

// A quiet day of one target in one stretch, as a look back reads it.
func BenchmarkQuietDay(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		a, _ := NewAccount(AccountOptions{DeltaMillis: 15000, Fingerprint: fiveSeconds()})
		if err := a.Add(Stretch{LeftMillis: firstDay, AtMillis: firstDay + dayMillis, Intervals: 5760, Known: allKnown}); err != nil {
			b.Fatal(err)
		}
		a.Advance(firstDay+dayMillis, always(1e-6))
	}
}

// One scrape of one target, live.
func BenchmarkLiveScrape(b *testing.B) {
	b.ReportAllocs()
	a, _ := NewAccount(AccountOptions{DeltaMillis: 15000, Fingerprint: fiveSeconds()})
	alpha := always(1e-6)
	at := int64(firstDay)
	for b.Loop() {
		s := Stretch{LeftMillis: at, AtMillis: at + 15000, Intervals: 1, Known: allKnown}
		if at/15000%100 == 0 {
			s.Errors, s.Slow, s.Failures = 1, true, 1
		}
		if err := a.Add(s); err != nil {
			b.Fatal(err)
		}
		at += 15000
		a.Advance(at, alpha)
	}
	state, _ := a.MarshalBinary()
	b.ReportMetric(float64(len(state)), "state-bytes")
}
