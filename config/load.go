package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Load reads the configuration in the file at path.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse reads the configuration in data. The name of its file appears in the problems, and
// relative paths of credentials are relative to its directory. The error joins every Problem.
func Parse(name string, data []byte) (*Config, error) {
	r := &reader{file: name, dir: filepath.Dir(name)}
	c := Default()
	if root := r.document(data); root != nil {
		r.config(root, c)
	}
	if len(r.problems) > 0 {
		return nil, join(r.problems)
	}
	c.warnings = r.warnings
	return c, nil
}

// ForURL returns the default configuration for the Prometheus at url, or for several of them, as a
// flag gives them.
func ForURL(flag, url string, more ...string) (*Config, error) {
	c := Default()
	r := &reader{file: flag}
	all := append([]string{url}, more...)
	for i, text := range all {
		r.checkURL(&yaml.Node{}, "", text)
		for _, earlier := range all[:i] {
			if withoutUser(earlier) == withoutUser(text) {
				r.add(0, "", "the same server is given twice", "give every server once")
				break
			}
		}
	}
	c.Prometheus.take(all)
	return c, join(r.problems)
}

// document returns the root node of the only YAML document in data, or nil when it is empty or
// cannot be parsed.
func (r *reader) document(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case err == nil:
		r.add(second.Line, "", "a second YAML document starts here", "keep one document a file")
	case !errors.Is(err, io.EOF):
		r.syntax(err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// yamlLine finds the line number in the errors of the YAML library.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (?s:(.*))$`)

func (r *reader) syntax(err error) {
	line, what := splitYAMLError(err.Error())
	r.add(line, "", "not valid YAML: "+what, "check indentation, quotes and colons around this line")
}

func splitYAMLError(text string) (line int, what string) {
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits; 0 when out of range, which means no line
		return line, m[2]
	}
	return 0, strings.TrimPrefix(text, "yaml: ")
}
