package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/internal/goldens"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// files lists the configurations in a directory of testdata.
func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no file matches %s: %v", pattern, err)
	}
	return paths
}

// Every good file gives the effective configuration beside it, which can be read again and then
// prints the same.
func TestGood(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "testdata/good/*.yml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			c, err := Load(path)
			if err != nil {
				t.Fatalf("Load: %v", err)
			}
			text := effective(t, c)
			goldens.Check(t, strings.TrimSuffix(path, ".yml")+".effective", text, *update)
			if strings.Contains(text, "hunter2") {
				t.Error("a secret is printed")
			}
			again, err := Parse("effective.yml", []byte(text))
			if err != nil {
				t.Fatalf("the effective configuration cannot be read: %v", err)
			}
			if twice := effective(t, again); twice != text {
				t.Errorf("printed again:\n%s\nwant\n%s", twice, text)
			}
			if again.Hash() != c.Hash() {
				t.Error("the effective configuration has another hash")
			}
		})
	}
}

func effective(t *testing.T, c *Config) string {
	t.Helper()
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every bad file is refused with exactly the message beside it.
func TestBad(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "testdata/bad/*.yml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			_, err := Load(path)
			if err == nil {
				t.Fatal("Load accepted it")
			}
			goldens.Check(t, strings.TrimSuffix(path, ".yml")+".err", err.Error()+"\n", *update)
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the message holds a secret")
			}
			for _, problem := range Problems(err) {
				if problem.File != path || problem.Line < 1 || problem.What == "" || problem.Remedy == "" {
					t.Errorf("incomplete problem: %+v", problem)
				}
			}
		})
	}
}

func TestDefaultIsEmptyFile(t *testing.T) {
	t.Parallel()
	c, err := Parse("empty.yml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := effective(t, c), effective(t, Default()); got != want {
		t.Errorf("empty file:\n%s\nDefault:\n%s", got, want)
	}
	if len(c.Warnings()) != 0 {
		t.Errorf("the defaults warn: %v", c.Warnings())
	}
}

func TestLoadMissingFile(t *testing.T) {
	t.Parallel()
	_, err := Load("testdata/no-such-file.yml")
	if err == nil || !strings.Contains(err.Error(), "testdata/no-such-file.yml") || Problems(err) != nil {
		t.Errorf("Load = %v, want an error that names the file and joins no problems", err)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	c, err := Parse("short.yml", []byte("evaluate:\n  delay: 5s\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "short.yml:2: evaluate.delay: 5s is shorter than a scrape may take: samples that come later are not used; " +
		"give more than the longest scrape timeout, 30s by default"
	if len(c.Warnings()) != 1 || c.Warnings()[0].Error() != want {
		t.Errorf("Warnings = %v, want %s", c.Warnings(), want)
	}
}

// The hash changes with what the state depends on, and with nothing else.
func TestHash(t *testing.T) {
	t.Parallel()
	parse := func(text string) string {
		t.Helper()
		c, err := Parse("hash.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c.Hash()
	}
	base := parse("")
	for _, same := range []string{
		"prometheus: {url: 'http://user:pass@localhost:9090', concurrency: 9, protocol: query}",
		"prometheus: {basic_auth: {username: a, password: b}}",
		"evaluate: {every: 1m, delay: 1m, history: 1d}",
		"limits: {routes: 5}",
		"objectives: []",
		"sources: [{name: envoy, delay: 5s, requests: x}, {name: envoy-connect, signal: connect_timeout}]", // nlb has no state
	} {
		if parse(same) != base {
			t.Errorf("%s: another hash", same)
		}
	}
	for _, other := range []string{
		"prometheus: {url: 'http://elsewhere:9090'}",
		"false_alarms_per_month: 2",
		"false_suspicions_per_month: 3",
		"clear_below: 20%",
		"fingerprints: [{name: syn-timeout-5s, lag: [5s, 6.5s]}]",
		"sources: [{name: envoy}]",
		"sources: [{name: envoy, exclude: {}}, {name: envoy-connect, signal: connect_timeout}]",
		"ignore: [{route: x, reason: y}]",
	} {
		if parse(other) == base {
			t.Errorf("%s: the hash of the default", other)
		}
	}
}

func TestForURL(t *testing.T) {
	t.Parallel()
	c, err := ForURL("--prometheus.url", "http://prometheus:9090")
	if err != nil || c.Prometheus.URL != "http://prometheus:9090" {
		t.Errorf("ForURL = %v, %v", c.Prometheus.URL, err)
	}
	want := `--prometheus.url: the scheme "prometheus" is neither http nor https; write it like http://prometheus:9090`
	if _, err = ForURL("--prometheus.url", "prometheus:9090"); err == nil || err.Error() != want {
		t.Errorf("ForURL = %v, want %s", err, want)
	}
}

func TestLoadHTTP(t *testing.T) {
	t.Parallel()
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "http.yml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	parsed, err := LoadHTTP(write("basic_auth: {username: a, password: b}\n"))
	if err != nil || parsed.BasicAuth == nil || parsed.BasicAuth.Password != "b" || !parsed.FollowRedirects {
		t.Errorf("LoadHTTP = %+v, %v", parsed, err)
	}
	path := write("basic_aut: {}\nauthorization: {credentials_file: nowhere}\n")
	_, err = LoadHTTP(path)
	want := path + ":1: basic_aut: unknown key; did you mean basic_auth?\n" + path + ":2: authorization.credentials_file: " +
		filepath.Join(filepath.Dir(path), "nowhere") + " cannot be read: no such file or directory; " +
		"create the file, or correct its path (relative to this file) or its permissions"
	if err == nil || err.Error() != want {
		t.Errorf("LoadHTTP:\n%v\nwant\n%s", err, want)
	}
}

func TestIgnored(t *testing.T) {
	t.Parallel()
	if Default().Ignored() != nil {
		t.Error("the default ignores something")
	}
	c, err := Parse("ignore.yml", []byte(`ignore:
  - {route: "health/.*", fingerprint: syn-timeout-5s, reason: probe, until: 1970-01-02}
  - {route: legacy, reason: old}
`))
	if err != nil {
		t.Fatal(err)
	}
	ignored := c.Ignored()
	for _, test := range []struct {
		route, fingerprint string
		at                 int64
		want               bool
	}{
		{"health/live", "syn-timeout-5s", 86_399_999, true},
		{"health/live", "syn-timeout-5s", 86_400_000, false}, // until is the first instant that counts again
		{"health/live", "connect-timeout-10s", 0, false},
		{"my-health/live", "syn-timeout-5s", 0, false}, // anchored
		{"legacy", "connect-timeout-10s", 1 << 50, true},
	} {
		if got := ignored(test.route, test.fingerprint, test.at); got != test.want {
			t.Errorf("ignored(%q, %q, %d) = %v, want %v", test.route, test.fingerprint, test.at, got, test.want)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0s": "0s", "250ms": "250ms", "5s": "5s", "6s500ms": "6.5s", "6.5s": "6.5s", "1m6s500ms": "1m6s500ms",
		"1m30s": "1m30s", "24h": "1d", "7d": "7d", "4w": "28d", "1y": "365d", "1.5h": "1h30m",
	} {
		d, err := parseDuration(text)
		if err != nil || formatDuration(d) != want {
			t.Errorf("%s: %s, %v, want %s", text, formatDuration(d), err, want)
		}
	}
}
