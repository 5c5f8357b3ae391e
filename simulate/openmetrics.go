package simulate

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// Labels of the series that are written, beside those of the counters.
const (
	job       = "envoy"
	namespace = "envoy-gateway-system"
)

// Metric names of the counters, as Envoy gives them to Prometheus.
const (
	metric5xx            = "envoy_cluster_upstream_rq_xx"
	metricConnectTimeout = "envoy_cluster_upstream_cx_connect_timeout"
)

// Label is a label of a series.
type Label struct {
	Name, Value string
}

// Labels names a counter as Prometheus stores it, `__name__` first.
func (f *Fleet) Labels(s Series) []Label {
	route := Label{"envoy_cluster_name", f.Routes[s.Route].Name}
	labels := []Label{{"__name__", metricConnectTimeout}, route}
	if s.Signal == Signal5xx {
		labels = []Label{{"__name__", metric5xx}, route, {"envoy_response_code_class", "5"}}
	}
	return append(labels, f.TargetLabels(s.Target)...)
}

// TargetLabels are the labels that the scrape of a target adds to every one of its series.
func (f *Fleet) TargetLabels(target int) []Label {
	name := f.Targets[target].Name
	return []Label{{"instance", name + ":19001"}, {"job", job}, {"namespace", namespace}, {"pod", name}}
}

// WriteOpenMetrics writes every sample of the record in the OpenMetrics text format, for
// `promtool tsdb create-blocks-from openmetrics`. Envoy's counters lack the suffix _total that
// OpenMetrics demands of a counter, so their type is given as unknown.
func (r *Record) WriteOpenMetrics(w io.Writer) error {
	out := &openMetrics{w: bufio.NewWriterSize(w, 1<<16)}
	ups := make([][]observe.Run, len(r.fleet.Targets))
	out.family("up", "gauge")
	for t := range r.fleet.Targets {
		ups[t] = r.Up(t)
		out.samples(append([]Label{{"__name__", "up"}}, r.fleet.TargetLabels(t)...), ups[t])
	}
	signal := ""
	for _, s := range r.series { // sorted by signal
		labels := r.fleet.Labels(s)
		if s.Signal != signal {
			signal = s.Signal
			out.family(labels[0].Value, "unknown")
		}
		out.samples(labels, r.Counter(s, ups[s.Target]))
	}
	out.print("# EOF\n")
	if out.err == nil {
		out.err = out.w.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("write OpenMetrics: %w", out.err)
	}
	return nil
}

// openMetrics writes lines until the first error.
type openMetrics struct {
	w   *bufio.Writer
	err error
	buf []byte
}

func (o *openMetrics) print(text string) {
	if o.err == nil {
		_, o.err = o.w.WriteString(text)
	}
}

func (o *openMetrics) family(name, kind string) {
	o.print("# TYPE " + name + " " + kind + "\n")
}

func (o *openMetrics) samples(labels []Label, runs []observe.Run) {
	head := labels[0].Value + "{" + quote(labels[1:]) + "} "
	for at, value := range Samples(runs) {
		if o.err != nil {
			return
		}
		o.buf = append(o.buf[:0], head...)
		o.buf = strconv.AppendFloat(o.buf, value, 'g', -1, 64)
		o.buf = append(o.buf, ' ')
		o.buf = strconv.AppendFloat(o.buf, float64(at)/1000, 'f', 3, 64)
		o.buf = append(o.buf, '\n')
		_, o.err = o.w.Write(o.buf)
	}
}

func quote(labels []Label) string {
	escape := strings.NewReplacer("\\", `\\`, "\n", `\n`, `"`, `\"`)
	parts := make([]string, len(labels))
	for i, label := range labels {
		parts[i] = label.Name + `="` + escape.Replace(label.Value) + `"`
	}
	return strings.Join(parts, ",")
}
