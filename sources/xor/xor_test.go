package xor

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

type sample struct {
	millis int64
	value  float64
}

// encode writes samples with the encoder of Prometheus.
func encode(t testing.TB, samples []sample) []byte {
	t.Helper()
	chunk := chunkenc.NewXORChunk()
	appender, err := chunk.Appender()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		appender.Append(0, s.millis, s.value)
	}
	return chunk.Bytes()
}

// scan expands the stretches of a chunk into samples.
func scan(chunk []byte) ([]sample, error) {
	var (
		scanner Scanner
		stretch Stretch
		all     []sample
	)
	scanner.Reset(chunk)
	for scanner.Next(&stretch) {
		for i := range stretch.Count {
			all = append(all, sample{stretch.FirstMillis + int64(i)*stretch.StepMillis, stretch.Value})
		}
	}
	return all, scanner.Err()
}

// decode reads a chunk with the decoder of Prometheus.
func decode(chunk []byte) ([]sample, error) {
	c, err := chunkenc.FromData(chunkenc.EncXOR, chunk)
	if err != nil {
		return nil, err
	}
	var all []sample
	it := c.Iterator(nil)
	for it.Next() != chunkenc.ValNone {
		millis, value := it.At()
		all = append(all, sample{millis, value})
	}
	return all, it.Err()
}

func equal(a, b []sample) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].millis != b[i].millis || math.Float64bits(a[i].value) != math.Float64bits(b[i].value) {
			return false
		}
	}
	return true
}

// counter makes samples of a counter: on the grid but for jitter, missed scrapes, growth and resets
// at the given rates.
func counter(rng *rand.Rand, n int, jitter, missed, growth, reset float64) []sample {
	var all []sample
	millis, value := rng.Int64N(1<<41), float64(rng.IntN(1000))
	for range n {
		millis += 1000
		if rng.Float64() < missed {
			continue
		}
		if rng.Float64() < growth {
			value += float64(1 + rng.IntN(3))
		}
		if rng.Float64() < reset {
			value = float64(rng.IntN(5))
		}
		at := millis
		if rng.Float64() < jitter {
			at += rng.Int64N(400) - 200
		}
		all = append(all, sample{at, value})
	}
	return all
}

// Whatever the encoder of Prometheus writes is read as its own decoder reads it.
func TestScanEqualsChunkenc(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		samples := counter(rng, 1+rng.IntN(300), rng.Float64()/4, rng.Float64()/10, rng.Float64()/3, rng.Float64()/50)
		if rng.IntN(4) == 0 { // values and times that need all 64 bits
			for i := range samples {
				samples[i].value = math.Float64frombits(rng.Uint64())
				samples[i].millis += int64(i) * rng.Int64N(1<<40)
			}
		}
		chunk := encode(t, samples)
		got, err := scan(chunk)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(got, want) {
			t.Fatalf("scan of %d samples differs from chunkenc", len(samples))
		}
	}
}

// A flat chunk on the grid is two stretches: the first sample has no spacing yet.
func TestFlatChunkIsTwoStretches(t *testing.T) {
	t.Parallel()
	chunk := encode(t, counter(rand.New(rand.NewPCG(3, 4)), 120, 0, 0, 0, 0))
	var (
		scanner  Scanner
		stretch  Stretch
		counts   []int
		spacings []int64
	)
	scanner.Reset(chunk)
	for scanner.Next(&stretch) {
		counts, spacings = append(counts, stretch.Count), append(spacings, stretch.StepMillis)
	}
	if len(counts) != 2 || counts[0] != 1 || counts[1] != 119 || spacings[0] != 0 || spacings[1] != 1000 {
		t.Errorf("stretches of %v samples at spacings %v, want 1 and 119 at 0 and 1000 ms", counts, spacings)
	}
}

// A chunk that was cut anywhere is an error or, when only padding is missing, the whole chunk; what
// was read before the cut is right.
func TestTruncated(t *testing.T) {
	t.Parallel()
	chunk := encode(t, counter(rand.New(rand.NewPCG(5, 6)), 120, 0.1, 0.05, 0.2, 0.02))
	whole, err := scan(chunk)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(chunk) {
		got, err := scan(chunk[:n])
		if !errors.Is(err, ErrTruncated) {
			t.Errorf("%d of %d bytes: error %v, want %v", n, len(chunk), err, ErrTruncated)
		}
		if !equal(got, whole[:len(got)]) {
			t.Errorf("%d of %d bytes: samples differ before the cut", n, len(chunk))
		}
	}
}

// Any bytes: no panic, and where chunkenc reads the chunk without complaint, the same samples.
func FuzzScan(f *testing.F) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		f.Add(encode(f, counter(rng, 1+rng.IntN(120), 0.1, 0.05, 0.2, 0.02)))
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		got, err := scan(chunk)
		if len(chunk) < 2 {
			return // chunkenc panics on these
		}
		want, wantErr := decode(chunk)
		if err == nil && wantErr == nil && !equal(got, want) {
			t.Errorf("scan and chunkenc differ on %x", chunk)
		}
		if err == nil && wantErr != nil {
			t.Errorf("scan reads %x, chunkenc says %v", chunk, wantErr)
		}
	})
}

func benchmarkChunks(samples []sample, b *testing.B) [][]byte {
	var chunks [][]byte
	for len(samples) >= 120 {
		chunks = append(chunks, encode(b, samples[:120]))
		samples = samples[120:]
	}
	return chunks
}

// BenchmarkScan compares the scanner with chunkenc, per sample, on flat chunks, on the counters of a
// real fleet (2 % of scrapes off the grid, an error in 0.4 %), and on the worst data.
func BenchmarkScan(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, data := range []struct {
		name    string
		samples []sample
	}{
		{"flat", counter(rng, 120_000, 0, 0, 0, 0)},
		{"envoy", counter(rng, 120_000, 0.02, 0.001, 0.004, 0)},
		{"worst", counter(rng, 120_000, 0.5, 0.01, 1, 0)},
	} {
		chunks := benchmarkChunks(data.samples, b)
		b.Run(data.name+"/scan", func(b *testing.B) {
			var (
				scanner Scanner
				stretch Stretch
				n       int
			)
			for b.Loop() {
				n = 0
				for _, chunk := range chunks {
					scanner.Reset(chunk)
					for scanner.Next(&stretch) {
						n += stretch.Count
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/sample")
		})
		b.Run(data.name+"/chunkenc", func(b *testing.B) {
			var (
				it chunkenc.Iterator
				n  int
			)
			for b.Loop() {
				n = 0
				for _, chunk := range chunks {
					c, err := chunkenc.FromData(chunkenc.EncXOR, chunk)
					if err != nil {
						b.Fatal(err)
					}
					it = c.Iterator(it)
					for it.Next() != chunkenc.ValNone {
						n++
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/sample")
		})
	}
}
