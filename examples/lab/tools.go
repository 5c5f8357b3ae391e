package lab

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
)

// tools are the programs that the lab runs.
type tools struct {
	envoy, prometheus, promtool, alertmanager string
}

// findTools looks for every program in the PATH and in .tools, where install.sh puts what was
// missing. The error names all that are not to be had.
func findTools() (tools, error) {
	if runtime.GOOS != "linux" {
		return tools{}, fmt.Errorf("the lab needs Linux, which drops SYNs for a full accept queue; this is %s", runtime.GOOS)
	}
	var found tools
	var missing []error
	for name, path := range map[string]*string{
		"envoy":                   &found.envoy,
		"prometheus":              &found.prometheus,
		"promtool":                &found.promtool,
		"prometheus-alertmanager": &found.alertmanager,
	} {
		var err error
		if *path, err = findTool(name); err != nil {
			missing = append(missing, err)
		}
	}
	if len(missing) > 0 {
		missing = append(missing, errors.New("examples/lab/install.sh fetches what is missing into examples/lab/.tools, without installing anything"))
	}
	return found, errors.Join(missing...)
}

func findTool(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	path, err := filepath.Abs(filepath.Join(".tools", "bin", name))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if _, err := exec.LookPath(path); err != nil {
		return "", fmt.Errorf("%s is not on this machine", name)
	}
	return path, nil
}
