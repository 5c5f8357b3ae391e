package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// flatReader has 100 routes on 100 targets, scraped every 15 s. One counter in a hundred grows in a
// tick.
type flatReader struct {
	ids   []observe.SeriesID
	value []float64
}

func newFlatReader() *flatReader {
	r := new(flatReader)
	for i := range 10_000 {
		r.ids = append(r.ids, observe.SeriesID{
			Route: fmt.Sprint("route ", i%100), Target: fmt.Sprint("pod ", i/100), Counter: fmt.Sprint(i),
		})
	}
	r.value = make([]float64, len(r.ids))
	return r
}

func (r *flatReader) Read(_ context.Context, fromMillis, toMillis int64, _ bool, sink observe.Sink) (observe.ReadStats, error) {
	run := observe.Run{FirstMillis: fromMillis - fromMillis%15_000 + 15_000, StepMillis: 15_000, Value: 1}
	run.Count = (toMillis-run.FirstMillis)/15_000 + 1
	for i := range 100 {
		sink.Scrapes(observe.TargetView{Target: fmt.Sprint("pod ", i)}, []observe.Run{run})
	}
	tick := int(toMillis / 15_000 % 100)
	for i := range r.ids {
		if i%100 == tick {
			r.value[i]++
		}
		run.Value = r.value[i]
		sink.Series(&r.ids[i], []observe.Run{run})
	}
	return observe.ReadStats{Series: len(r.ids), SiblingsPresent: true}, nil
}

// BenchmarkTick is a tick over 10,000 series without the reading: observe, judge and publish.
func BenchmarkTick(b *testing.B) {
	e, err := New(options(newFlatReader()))
	if err != nil {
		b.Fatal(err)
	}
	to := start
	b.ReportAllocs()
	for b.Loop() {
		to = to.Add(15 * time.Second)
		if err := e.Advance(context.Background(), to); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSnapshot is writing the state of 10,000 series.
func BenchmarkSnapshot(b *testing.B) {
	e, err := New(options(newFlatReader()))
	if err != nil {
		b.Fatal(err)
	}
	for i := range 240 {
		if err := e.Advance(context.Background(), start.Add(time.Duration(i)*15*time.Second)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		data, err := e.MarshalBinary()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
	}
}
