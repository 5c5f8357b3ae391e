package sources

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/maphash"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// maxLabelBytes bounds a label name or value. Prometheus's own label sets cannot hold 16 MiB.
const maxLabelBytes = 1 << 20

// labelSet is the label set of a series as it came over the wire. It is looked up by its bytes, so
// that a series that is known costs no decoding. The bytes are valid during one call only.
type labelSet struct {
	json bool   // raw is a JSON object; else it is a list of uvarint length and prometheus.Label
	raw  []byte // empty for a series without labels
}

// labelKey identifies a label set within the process: 128 bits of hash.
type labelKey [2]uint64

// seeds are the two hash seeds of a cache.
type seeds [2]maphash.Seed

func newSeeds() seeds { return seeds{maphash.MakeSeed(), maphash.MakeSeed()} }

func (s *seeds) key(set labelSet) labelKey {
	return labelKey{maphash.Bytes(s[0], set.raw), maphash.Bytes(s[1], set.raw)}
}

// appendLabel adds a label message to a set that is not JSON.
func (s *labelSet) appendLabel(message []byte) {
	s.raw = binary.AppendUvarint(s.raw, uint64(len(message)))
	s.raw = append(s.raw, message...)
}

// with returns the set with one more label, which it must not have. It is a copy.
func (s *labelSet) with(name, value string) labelSet {
	if s.json {
		quotedName, _ := json.Marshal(name) // a string always has a JSON
		quotedValue, _ := json.Marshal(value)
		raw := bytes.TrimSuffix(slices.Clone(s.raw), []byte{'}'})
		if len(raw) > 1 {
			raw = append(raw, ',')
		}
		raw = append(append(append(raw, quotedName...), ':'), quotedValue...)
		return labelSet{json: true, raw: append(raw, '}')}
	}
	message := make([]byte, 0, len(name)+len(value)+8)
	for i, text := range []string{name, value} {
		message = append(message, byte(i+1)<<3|wireBytes)
		message = append(binary.AppendUvarint(message, uint64(len(text))), text...)
	}
	out := labelSet{raw: slices.Clone(s.raw)}
	out.appendLabel(message)
	return out
}

// labels decodes a set that is not one of many.
func (s *labelSet) labels() (labels.Labels, error) { return new(labelReader).labels(*s) }

// labelReader decodes label sets, and reuses what it needs for that. The zero value is ready.
type labelReader struct {
	builder labels.ScratchBuilder
	names   map[string]string // seen before, each its only copy
}

// maxKeptNames bounds the label names that are remembered.
const maxKeptNames = 1000

// labels decodes a set. Labels with an empty value do not exist.
func (r *labelReader) labels(s labelSet) (labels.Labels, error) {
	if s.json {
		return s.fromJSON()
	}
	r.builder.Reset()
	for rest := s.raw; len(rest) > 0; {
		size, n := uvarint(rest)
		name, value, err := wireLabel(rest[n : n+int(size)])
		if err != nil {
			return labels.EmptyLabels(), err
		}
		rest = rest[n+int(size):]
		if len(name) > maxLabelBytes || len(value) > maxLabelBytes {
			return labels.EmptyLabels(), badData("a label of %d bytes", max(len(name), len(value)))
		}
		if len(value) > 0 {
			r.builder.Add(r.name(name), string(value))
		}
	}
	r.builder.Sort()
	return r.builder.Labels(), nil
}

func (r *labelReader) name(name []byte) string {
	if known, ok := r.names[string(name)]; ok {
		return known
	}
	if r.names == nil || len(r.names) == maxKeptNames {
		r.names = make(map[string]string)
	}
	added := string(name)
	r.names[added] = added
	return added
}

func (s *labelSet) fromJSON() (labels.Labels, error) {
	var metric map[string]string
	if err := json.Unmarshal(s.raw, &metric); err != nil {
		return labels.EmptyLabels(), badData("the labels of a series: %v", err)
	}
	for name, value := range metric {
		if len(name) > maxLabelBytes || len(value) > maxLabelBytes {
			return labels.EmptyLabels(), badData("a label of %d bytes", max(len(name), len(value)))
		}
		if value == "" {
			delete(metric, name)
		}
	}
	return labels.FromMap(metric), nil
}
