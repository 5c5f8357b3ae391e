package survey

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
)

// Names of the remedies.
const (
	RemedyPodMonitor   = "podmonitor"
	RemedyScrapeConfig = "scrape_config"
	RemedyStats        = "stats"
	RemedyEndpoints    = "endpoints"
	RemedyBuckets      = "buckets"
	RemedyKubeState    = "kube_state_metrics"
)

//go:embed remedies/*.yaml
var remedies embed.FS

// prescription is what the texts of the remedies are made of.
type prescription struct {
	Kind                     string
	Kubernetes               bool
	Namespace, NamespaceList string
	Addresses                []string
	PodLabels, Port, Filter  string
	Buckets                  string
}

// prescribe writes the remedies that the findings name, in the order of their weight.
func (e *Examination) prescribe() {
	e.Remedies = []Remedy{}
	p := e.prescription()
	for _, r := range []Remedy{
		{Name: RemedyPodMonitor, Title: "A fine scrape, for the Prometheus Operator", Why: "A second scrape of Envoy every second, of a few kilobytes. ghostpair takes it for another view of the same counters and counts each error once."},
		{Name: RemedyScrapeConfig, Title: "A fine scrape, for prometheus.yml", Why: "A second scrape of Envoy every second, of a few kilobytes. ghostpair takes it for another view of the same counters and counts each error once, as long as both jobs give the targets the same labels."},
		{Name: RemedyStats, Title: "The stats that are missing", Why: "Counters that Envoy makes with their first event are missing until then, and those that a filter leaves out are missing for ever."},
		{Name: RemedyBuckets, Title: "Sharper buckets around the timeouts", Why: "They replace the buckets of that histogram: keep the bounds that your dashboards use."},
		{Name: RemedyEndpoints, Title: "Stats per endpoint", Why: "They cost series: ten for every endpoint of every cluster."},
		{Name: RemedyKubeState, Title: "kube-state-metrics with what preflight needs", Why: "Services are found by a label of their endpoint slices, zones by one of the nodes."},
	} {
		if !e.calls(r.Name) {
			continue
		}
		r.Text = p.fill(r.Name)
		e.Remedies = append(e.Remedies, r)
	}
}

// calls tells whether a finding names a remedy. In Kubernetes the fine scrape comes in both forms.
func (e *Examination) calls(remedy string) bool {
	return slices.ContainsFunc(e.Findings, func(f Finding) bool {
		fine := f.Remedy == RemedyPodMonitor || f.Remedy == RemedyScrapeConfig
		return f.Remedy == remedy || remedy == RemedyScrapeConfig && fine || remedy == RemedyPodMonitor && fine && e.Proxies.Kubernetes
	})
}

func (e *Examination) prescription() prescription {
	s := e.Proxies
	p := prescription{
		Kind: cmp.Or(s.Kind, KindEnvoy), Kubernetes: s.Kubernetes, Addresses: s.Addresses,
		PodLabels: "{app: envoy}   # the labels of your proxy pods", Port: "metrics",
		Filter: "upstream_(rq_[1-5]xx|rq_pending_active|cx_connect_(timeout|fail))$", Buckets: e.buckets(),
	}
	namespaces := s.Namespaces
	switch p.Kind {
	case KindGateway:
		p.PodLabels = "{app.kubernetes.io/name: envoy, app.kubernetes.io/component: proxy}"
		namespaces = orElse(namespaces, "envoy-gateway-system")
	case KindIstio:
		p.PodLabels, p.Port = "{}   # every pod with a sidecar", "http-envoy-prom"
		p.Filter = "istio_requests_total|upstream_(rq_pending_active|cx_connect_(timeout|fail))$"
	}
	namespaces = orElse(namespaces, "default")
	p.Namespace, p.NamespaceList = namespaces[0], strings.Join(namespaces, ", ")
	const most = 20
	if more := len(p.Addresses) - most; more > 0 {
		p.Addresses = append(slices.Clone(p.Addresses[:most]), fmt.Sprintf("…   # and %d more", more))
	}
	p.Addresses = orElse(p.Addresses, "localhost:9901   # the admin address of each Envoy")
	return p
}

func orElse(names []string, name string) []string {
	if len(names) == 0 {
		return []string{name}
	}
	return names
}

// buckets puts bounds around the timeouts among those that Envoy has by default.
func (e *Examination) buckets() string {
	bounds := []float64{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000}
	for _, fp := range e.fingerprints {
		lo, _ := fp.Seconds()
		bounds = append(bounds, 960*lo, 1060*lo)
	}
	slices.Sort(bounds)
	texts := make([]string, 0, len(bounds))
	for _, b := range slices.Compact(bounds) {
		texts = append(texts, fmt.Sprintf("%g", b))
	}
	return strings.Join(texts, ", ")
}

// fill writes the text of a remedy.
func (p prescription) fill(name string) string {
	file := name + ".yaml"
	var b strings.Builder
	if err := template.Must(template.ParseFS(remedies, "remedies/"+file)).ExecuteTemplate(&b, file, p); err != nil {
		panic("survey: " + name + ": " + err.Error()) // the texts are part of the program, and tested
	}
	return strings.TrimSpace(b.String()) + "\n"
}
