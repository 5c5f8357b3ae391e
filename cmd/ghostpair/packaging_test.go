package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ghostpair/ghostpair/internal/goldens"
)

const manifests = "../../examples/kubernetes"

// parsable checks that a command line of a package is one that the program takes.
func parsable(t *testing.T, where string, args []string) {
	t.Helper()
	app := newApplication(io.Discard, io.Discard)
	for _, c := range commands() {
		c(app)
	}
	if name, err := app.Parse(args); err != nil || name != args[0] {
		t.Errorf("%s: %q: command %q, %v", where, args, name, err)
	}
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// manifest reads a file of one YAML document. Keys that stand there twice are errors.
func manifest(t *testing.T, name string, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(fileText(t, filepath.Join(manifests, name))))
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := decoder.Decode(new(any)); err == nil {
		t.Errorf("%s has a second document", name)
	}
}

// The manifests hang together: every file is named, ports and volumes have their names, the flags are
// those of the program, and the configuration is fine.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	var kustomization struct {
		Resources []string
		Images    []struct {
			Name string
			Tag  string `yaml:"newTag"`
		}
	}
	manifest(t, "kustomization.yaml", &kustomization)
	files, err := filepath.Glob(filepath.Join(manifests, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); name != "kustomization.yaml" && !slices.Contains(kustomization.Resources, name) {
			t.Errorf("kustomization.yaml does not name %s", name)
		}
		manifest(t, filepath.Base(file), new(any))
	}
	if len(kustomization.Resources) != len(files)-1 {
		t.Errorf("%d resources, but %d files", len(kustomization.Resources), len(files)-1)
	}
	var set struct {
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct {
						Image string
						Args  []string
						Ports []struct {
							Name          string
							ContainerPort int `yaml:"containerPort"`
						}
					}
				}
			}
		}
	}
	manifest(t, "statefulset.yaml", &set)
	container := set.Spec.Template.Spec.Containers[0]
	parsable(t, "statefulset.yaml", container.Args)
	if container.Ports[0].Name != "http" || container.Ports[0].ContainerPort != 9955 {
		t.Errorf("ports %+v, want http at 9955", container.Ports)
	}
	version := strings.TrimSpace(fileText(t, "../../VERSION"))
	if image := kustomization.Images[0]; image.Name != container.Image || image.Tag != version {
		t.Errorf("image %+v, want %s of version %s", image, container.Image, version)
	}
	if stdout, stderr, code := runCommand("check", "--config.file="+filepath.Join(manifests, "ghostpair.yml")); code != exitDone || stderr != "" {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// The rules of the cluster are those that the command prints for its configuration.
func TestPrometheusRule(t *testing.T) {
	t.Parallel()
	const name = "prometheusrule.yaml"
	rules, stderr, code := runCommand("rules", "--config.file="+filepath.Join(manifests, "ghostpair.yml"))
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	head, _, found := strings.Cut(fileText(t, filepath.Join(manifests, name)), "\nspec:\n")
	if !found {
		t.Fatalf("%s has no spec", name)
	}
	want := head + "\nspec:\n" + regexp.MustCompile("(?m)^(.)").ReplaceAllString(rules, "  $1")
	goldens.Check(t, filepath.Join(manifests, name), want, *update)
	var resource struct {
		Kind string
		Spec struct{ Groups []any }
	}
	manifest(t, name, &resource)
	if resource.Kind != "PrometheusRule" || len(resource.Spec.Groups) != 2 {
		t.Errorf("a %s of %d groups, want a PrometheusRule of 2", resource.Kind, len(resource.Spec.Groups))
	}
}

// The fine scrape is the one that doctor prints for Envoy Gateway.
func TestPodMonitor(t *testing.T) {
	t.Parallel()
	_, block, found := strings.Cut(fileText(t, "../../docs/doctor.md"), "    apiVersion: monitoring.coreos.com/v1\n    kind: PodMonitor\n")
	block, _, ended := strings.Cut(block, "\n\n")
	if !found || !ended {
		t.Fatal("docs/doctor.md shows no PodMonitor")
	}
	var want, got struct{ Spec any }
	if err := yaml.Unmarshal([]byte(block), &want); err != nil {
		t.Fatal(err)
	}
	manifest(t, "podmonitor-envoy.yaml", &got)
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the PodMonitor is %s (%v), that of doctor %s (%v)", a, errA, b, errB)
	}
}

// kubectl builds the manifests.
func TestKustomize(t *testing.T) {
	t.Parallel()
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("kubectl is not installed")
	}
	out, err := exec.Command(kubectl, "kustomize", manifests).CombinedOutput()
	if err != nil || bytes.Count(out, []byte("\n---\n")) != 5 {
		t.Errorf("%v: want six resources:\n%s", err, out)
	}
}

// The unit of systemd and the image start the program with flags that it takes.
func TestUnitAndImage(t *testing.T) {
	t.Parallel()
	lines := regexp.MustCompile(`(?m)^ExecStart(?:Pre)?=\S+/ghostpair (.+)$`).FindAllStringSubmatch(fileText(t, "../../examples/systemd/ghostpair.service"), -1)
	if len(lines) != 2 {
		t.Errorf("%d command lines in the unit, want 2", len(lines))
	}
	for _, line := range lines {
		parsable(t, "ghostpair.service", strings.Fields(line[1]))
	}
	image := fileText(t, "../../Dockerfile")
	command := regexp.MustCompile(`(?m)^CMD (\[.+\])$`).FindStringSubmatch(image)
	var args []string
	if command == nil || json.Unmarshal([]byte(command[1]), &args) != nil {
		t.Fatal("the Dockerfile has no CMD that is a list")
	}
	parsable(t, "Dockerfile", args)
	built := regexp.MustCompile(`(?m)^FROM golang:(\S+) `).FindStringSubmatch(image)
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(fileText(t, "../../go.mod"))
	if built == nil || wanted == nil || built[1] != wanted[1] {
		t.Errorf("the image is built with Go %v, go.mod wants %v", built, wanted)
	}
}
