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

// settings is what the configuration files are filled with.
type settings struct {
	Proxies                             []proxy
	Prometheus, Alertmanager, Ghostpair address
	Coarse                              address // a second ghostpair, which may read only the 15 s job
	Rules                               string  // path of the rules that Prometheus loads
}

// render fills the template of that name, with data, into a file of dir and returns its path.
func render(dir, name string, data any) (path string, err error) {
	return renderAs(dir, name, name, data)
}

// renderAs is render into a file of another name.
func renderAs(dir, name, file string, data any) (path string, err error) {
	t, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	path = filepath.Join(dir, file)
	f, err := os.Create(path)
	if err != nil {
		return "", fmt.Errorf("render %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := t.Execute(f, data); err != nil {
		return "", fmt.Errorf("render %s: %w", file, err)
	}
	return path, nil
}
