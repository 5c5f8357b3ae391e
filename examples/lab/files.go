package lab

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed templates
var templates embed.FS

// A cluster is an upstream of Envoy and the route to it.
type cluster struct {
	Name         string
	Upstream     address
	EnvoyRetries int
}

// settings is what the configuration files are filled with.
type settings struct {
	Ingress, Admin                      address // of Envoy
	Prometheus, Alertmanager, Ghostpair address
	Coarse                              address // a second ghostpair, which may read only the 15 s job
	Clusters                            []cluster
	Rules                               string // path of the rules that Prometheus loads
}

// render fills the template of that name into a file of dir and returns its path.
func render(dir, name string, s settings) (path string, err error) {
	t, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	path = filepath.Join(dir, name)
	file, err := os.Create(path)
	if err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := t.Execute(file, s); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return path, nil
}
