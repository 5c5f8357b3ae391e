package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"gopkg.in/yaml.v3"
)

const httpRemedy = "see http_config in the Prometheus manual"

// LoadHTTP reads the file at path, which holds nothing but the keys of an HTTPClientConfig.
func LoadHTTP(path string) (promconfig.HTTPClientConfig, error) {
	parsed := promconfig.DefaultHTTPClientConfig
	data, err := os.ReadFile(path)
	if err != nil {
		return parsed, fmt.Errorf("read HTTP configuration: %w", err)
	}
	r := &reader{file: path, dir: filepath.Dir(path)}
	if root := r.document(data); root != nil {
		b := r.block(root, "")
		r.http(b, &parsed)
		b.done()
	}
	return parsed, join(r.problems)
}

// http reads the keys of prometheus/common's HTTPClientConfig, which stand beside the keys of b.
func (r *reader) http(b *block, target *promconfig.HTTPClientConfig) {
	known := yamlKeys(reflect.TypeFor[promconfig.HTTPClientConfig]())
	part := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: b.node.Line}
	for _, key := range keysOf(known) {
		if value, ok := b.get(key); ok {
			part.Content = append(part.Content, b.keys[key], value)
		}
	}
	if len(part.Content) == 0 || !r.knownKeys(part, b.path, promconfig.HTTPClientConfig{}) {
		return
	}
	line, before := part.Content[0].Line, len(r.problems)
	parsed := promconfig.DefaultHTTPClientConfig
	if err := part.Decode(&parsed); err != nil {
		r.decodeErrors(line, b.path, withoutValues(err), httpRemedy)
		return
	}
	parsed.SetDirectory(r.dir)
	r.credentialFiles(part, b.path)
	if len(r.problems) > before {
		return
	}
	if _, err := promconfig.NewTLSConfig(&parsed.TLSConfig); err != nil {
		r.add(b.line("tls_config"), b.at("tls_config"), err.Error(), httpRemedy)
	} else if _, err := promconfig.NewRoundTripperFromConfig(parsed, "check"); err != nil {
		r.add(line, b.path, err.Error(), httpRemedy)
	}
	*target = parsed
}

// credentialFiles reports every file named below node that cannot be read.
func (r *reader) credentialFiles(node *yaml.Node, path string) {
	node = resolve(node)
	for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
		key, value := node.Content[i], resolve(node.Content[i+1])
		at := below(path, key.Value)
		switch {
		case value.Kind == yaml.MappingNode:
			r.credentialFiles(value, at)
		case strings.HasSuffix(key.Value, "_file") && value.Kind == yaml.ScalarNode:
			r.readable(value, at)
		case key.Value == "files" && value.Kind == yaml.SequenceNode:
			for j, item := range value.Content {
				r.readable(resolve(item), fmt.Sprintf("%s[%d]", at, j))
			}
		}
	}
}

// readable reports a file that does not exist, is no regular file or may not be read.
func (r *reader) readable(node *yaml.Node, path string) {
	if node.Value == "" {
		return
	}
	file := node.Value
	if !filepath.IsAbs(file) {
		file = filepath.Join(r.dir, file)
	}
	const remedy = "create the file, or correct its path (relative to this file) or its permissions"
	// Stat first: opening a named pipe would wait for its writer.
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		r.add(node.Line, path, fmt.Sprintf("%s is not a regular file", file), remedy)
		return
	}
	var opened *os.File
	if err == nil {
		if opened, err = os.Open(file); err == nil {
			err = opened.Close()
		}
	}
	if err != nil {
		var cause *os.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		r.add(node.Line, path, fmt.Sprintf("%s cannot be read: %v", file, err), remedy)
	}
}

// knownKeys reports keys below node that the type of sample does not have, and says whether all
// were known. The YAML library can only do so for whole documents.
func (r *reader) knownKeys(node *yaml.Node, path string, sample any) bool {
	before := len(r.problems)
	r.checkKeys(node, path, reflect.TypeOf(sample))
	return len(r.problems) == before
}

func (r *reader) checkKeys(node *yaml.Node, path string, t reflect.Type) {
	node = resolve(node)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	known := yamlKeys(t)
	if node.Kind != yaml.MappingNode || len(known) == 0 {
		return // the decoder reports what does not fit
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		at := below(path, key.Value)
		child, ok := known[key.Value]
		if child == nil {
			child, ok = known[anyKey], known[anyKey] != nil
		}
		if !ok {
			r.add(key.Line, at, "unknown key", suggest(key.Value, keysOf(known)))
			continue
		}
		r.checkKeys(node.Content[i+1], at, child)
	}
}

// anyKey stands for the keys of an inline map.
const anyKey = "*"

// yamlKeys returns the YAML keys of a struct and the types of their values, nil for other types.
func yamlKeys(t reflect.Type) map[string]reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	keys := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case options == "inline" && field.Type.Kind() == reflect.Map:
			keys[anyKey] = field.Type.Elem()
		case options == "inline":
			for key, child := range yamlKeys(field.Type) {
				keys[key] = child
			}
		case name != "" && name != "-" && field.IsExported():
			keys[name] = field.Type
		}
	}
	return keys
}

func keysOf(keys map[string]reflect.Type) []string {
	var names []string
	for name := range keys {
		if name != anyKey {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// quoted is a value that the YAML library repeats in its message.
var quoted = regexp.MustCompile("(?s) `.*`")

// withoutValues returns err with no value of the file in its text: it may be a secret at the wrong
// place.
func withoutValues(err error) error {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return errors.New("proxy_url is not a URL")
	}
	mismatch, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	clean := &yaml.TypeError{}
	for _, text := range mismatch.Errors {
		clean.Errors = append(clean.Errors, quoted.ReplaceAllString(text, ""))
	}
	return clean
}

// decodeErrors reports what the YAML library or a check behind it says about the value at line.
func (r *reader) decodeErrors(line int, path string, err error, remedy string) {
	var mismatch *yaml.TypeError
	if !errors.As(err, &mismatch) {
		r.add(line, path, err.Error(), remedy)
		return
	}
	for _, text := range mismatch.Errors {
		at, what := splitYAMLError(text)
		r.add(max(at, line), path, plainMismatch.Replace(goType.ReplaceAllString(what, "a block of keys")), remedy)
	}
}

// What the YAML library says about a value of the wrong type, in the words of a file.
var (
	goType        = regexp.MustCompile(`\w+\.plain$`)
	plainMismatch = strings.NewReplacer("cannot unmarshal", "cannot read", "!!str", "the text", "!!seq", "a list",
		"!!map", "a block of keys", "!!int", "the number", "!!float", "the number", "!!bool", "the value",
		" into ", " as ", "as bool", "as true or false")
)
