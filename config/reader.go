package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// reader walks the nodes of a YAML document and collects everything that is wrong with it.
type reader struct {
	file, dir string
	problems  []Problem
	warnings  []Problem
}

func (r *reader) add(line int, path, what, remedy string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Path: path, What: what, Remedy: remedy})
}

func (r *reader) warn(line int, path, what, remedy string) {
	r.warnings = append(r.warnings, Problem{File: r.file, Line: line, Path: path, What: what, Remedy: remedy})
}

// block is a mapping whose keys are taken one by one; a key that nobody asked for is unknown.
type block struct {
	*reader
	node   *yaml.Node
	path   string
	values map[string]*yaml.Node
	keys   map[string]*yaml.Node
	asked  []string
}

// block opens the mapping at node. It reports a node that is no mapping, and keys given twice.
func (r *reader) block(node *yaml.Node, path string) *block {
	b := &block{reader: r, node: node, path: path, values: map[string]*yaml.Node{}, keys: map[string]*yaml.Node{}}
	node = resolve(node)
	if null(node) {
		return b
	}
	if node.Kind != yaml.MappingNode {
		r.add(node.Line, path, "must be a block of keys, not "+kindName(node), "write `key: value` lines below it")
		return b
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, twice := b.keys[key.Value]; twice {
			r.add(key.Line, b.at(key.Value), "is given twice", "keep one of the two")
		}
		b.keys[key.Value], b.values[key.Value] = key, resolve(value)
	}
	return b
}

// at returns the path of a key of b.
func (b *block) at(key string) string { return below(b.path, key) }

// below returns the path of a key in the mapping at path.
func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// get returns the node of key, and whether it was given a value: null means omitted.
func (b *block) get(key string) (*yaml.Node, bool) {
	b.asked = append(b.asked, key)
	return b.values[key], b.given(key)
}

// given tells whether key has a value.
func (b *block) given(key string) bool {
	node, ok := b.values[key]
	return ok && !null(node)
}

// line returns the line of key, or of the block where the key is omitted.
func (b *block) line(key string) int {
	if node, ok := b.keys[key]; ok {
		return node.Line
	}
	return b.node.Line
}

// fail reports a problem with the value of key.
func (b *block) fail(key, what, remedy string) { b.add(b.line(key), b.at(key), what, remedy) }

// done reports every key that was not asked for.
func (b *block) done() {
	for name, key := range b.keys {
		if slices.Contains(b.asked, name) {
			continue
		}
		if name == "<<" {
			b.add(key.Line, b.at(name), "merge keys are not supported", "write the keys out")
			continue
		}
		b.add(key.Line, b.at(name), "unknown key", suggest(name, b.asked))
	}
}

// block opens the mapping below key.
func (b *block) block(key string) *block {
	if node, ok := b.get(key); ok {
		return b.reader.block(node, b.at(key))
	}
	return &block{reader: b.reader, node: b.node, path: b.at(key)}
}

// list returns the items below key, and whether the key was given.
func (b *block) list(key string) (items []*yaml.Node, given bool) {
	node, ok := b.get(key)
	if !ok {
		return nil, false
	}
	if node.Kind != yaml.SequenceNode {
		b.fail(key, "must be a list, not "+kindName(node), "write it as `["+"...]` or as lines that start with `- `")
		return nil, false
	}
	for _, item := range node.Content {
		items = append(items, resolve(item))
	}
	return items, true
}

// text reads the text of key into target. It reports whether the key was given and is text.
func (b *block) text(key string, target *string) bool {
	node, ok := b.get(key)
	if !ok {
		return false
	}
	if node.Kind != yaml.ScalarNode {
		b.fail(key, "must be text, not "+kindName(node), "write one value after the colon")
		return false
	}
	*target = node.Value
	return true
}

// texts reads a list of texts into target.
func (b *block) texts(key string, target *[]string) bool {
	items, ok := b.list(key)
	if !ok {
		return false
	}
	values := make([]string, 0, len(items))
	for i, item := range items {
		if item.Kind != yaml.ScalarNode || null(item) {
			b.add(item.Line, fmt.Sprintf("%s[%d]", b.at(key), i), "must be text, not "+kindName(item), "write one value")
			return false
		}
		values = append(values, item.Value)
	}
	*target = values
	return true
}

// duration reads a duration of at least least into target.
func (b *block) duration(key string, target *time.Duration, least time.Duration) {
	var text string
	if !b.text(key, &text) {
		return
	}
	d, err := parseDuration(text)
	switch {
	case err != nil:
		b.fail(key, err.Error(), "write it like 5s, 6.5s, 1m30s or 7d")
	case d < least:
		b.fail(key, fmt.Sprintf("%s is too short", formatDuration(d)), "give at least "+formatDuration(least))
	default:
		*target = d
	}
}

// whole reads a whole number of at least 1 into target.
func (b *block) whole(key string, target *int) {
	var text string
	if !b.text(key, &text) {
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.fail(key, fmt.Sprintf("%q is not a whole number of at least 1", text), "write a number such as "+strconv.Itoa(*target))
		return
	}
	*target = n
}

// positive reads a number above 0 into target.
func (b *block) positive(key string, target *float64) {
	var text string
	if !b.text(key, &text) {
		return
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0) || math.IsInf(x, 0) {
		b.fail(key, fmt.Sprintf("%q is not a number above 0", text), "write a number such as 1 or 0.5")
		return
	}
	*target = x
}

// ratio reads a ratio strictly between 0 and 1, written as 0.999 or 99.9%, into target.
func (b *block) ratio(key string, target *float64) {
	var text string
	if !b.text(key, &text) {
		return
	}
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	number = strings.TrimSpace(number)
	if percent {
		number += "e-2" // rounds once: 99.9/100 is not 0.999
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !(x > 0 && x < 1) {
		b.fail(key, fmt.Sprintf("%q is not a ratio between 0 and 1", text), "write it like 99.9% or 0.999")
		return
	}
	*target = x
}

// oneOf reads one of the allowed texts into target.
func (b *block) oneOf(key string, target *string, allowed ...string) {
	var text string
	if !b.text(key, &text) {
		return
	}
	if !slices.Contains(allowed, text) {
		b.fail(key, fmt.Sprintf("%q is not known", text), "write "+strings.Join(allowed, " or "))
		return
	}
	*target = text
}

// instant reads a time, as RFC 3339 or as a date (its first instant in UTC), into target.
func (b *block) instant(key string, target *time.Time) bool {
	var text string
	if !b.text(key, &text) {
		return false
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			*target = t.UTC()
			return true
		}
	}
	b.fail(key, fmt.Sprintf("%q is neither a date nor a time", text), "write it like 2027-01-31 or 2027-01-31T08:00:00Z")
	return false
}

// resolve follows aliases. An alias of an alias cannot be written, so this ends.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func null(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

func kindName(node *yaml.Node) string {
	switch {
	case null(node):
		return "nothing"
	case node.Kind == yaml.MappingNode:
		return "a block of keys"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}
