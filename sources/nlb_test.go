package sources

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

const nlbSelector = `{__name__=~"aws_networkelb_.+"}`

// TestNLB reads what the exporters say. At 12:00 CloudWatch is ten minutes late: cloudwatch_exporter
// gives its samples CloudWatch's time, YACE that of the scrape.
func TestNLB(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	at := noon.UnixMilli()
	late := at - 600_000
	nan := math.NaN()
	yace := every(at-300_000, 60_000, 5, 4)
	for _, c := range []struct {
		name   string
		series []stored
		want   []finding.NLBSample
	}{
		{
			"cloudwatch_exporter",
			[]stored{
				series(`aws_networkelb_tcp_elb_reset_count_sum{job="aws_networkelb",instance="",load_balancer="net/eg/1",exported_job="x"}`, every(late-240_000, 60_000, 5, 7)...),
				series(`aws_networkelb_un_healthy_host_count_maximum{job="aws_networkelb",load_balancer="net/eg/1",target_group="targetgroup/eg/2",availability_zone="eu-west-1a"}`, point{late, 0}),
				series(`aws_resource_info{load_balancer="net/eg/1"}`, point{late, 1}),
			},
			[]finding.NLBSample{
				{LoadBalancer: "net/eg/1", Metric: "aws_networkelb_tcp_elb_reset_count_sum", Value: 7, At: noon.Add(-10 * time.Minute), PeriodSeconds: 60},
				{LoadBalancer: "net/eg/1", TargetGroup: "targetgroup/eg/2", AvailabilityZone: "eu-west-1a", Metric: "aws_networkelb_un_healthy_host_count_maximum", At: noon.Add(-10 * time.Minute)},
			},
		},
		{
			"YACE",
			[]stored{
				series(`aws_networkelb_new_flow_count_sum{job="yace",name="arn:aws:x",dimension_LoadBalancer="net/eg/1",dimension_TargetGroup="targetgroup/eg/2",region="eu-west-1"}`, append(yace, point{at, nan})...),
				series(`aws_networkelb_info{job="yace",name="arn:aws:x",dimension_LoadBalancer="net/eg/1"}`, yace...),
				series(`aws_networkelb_active_flow_count_average{job="yace",dimension_LoadBalancer="net/eg/1",dimension_AvailabilityZone="eu-west-1a"}`, point{at - 60_000, nan}, point{at, nan}),
			},
			[]finding.NLBSample{{LoadBalancer: "net/eg/1", TargetGroup: "targetgroup/eg/2", Metric: "aws_networkelb_new_flow_count_sum", Value: 4, At: noon.Add(-time.Minute), PeriodSeconds: 60}},
		},
		{
			"YACE, snake case",
			[]stored{series(`aws_networkelb_new_flow_count_sum{job="yace",dimension_load_balancer="net/eg/1",dimension_target_group="targetgroup/eg/2",dimension_availability_zone="a"}`, yace...)},
			[]finding.NLBSample{{LoadBalancer: "net/eg/1", TargetGroup: "targetgroup/eg/2", AvailabilityZone: "a", Metric: "aws_networkelb_new_flow_count_sum", Value: 4, At: noon.Add(-time.Minute), PeriodSeconds: 60}},
		},
		{"too old", []stored{series(`aws_networkelb_new_flow_count_sum{load_balancer="net/eg/1"}`, point{at - 1_900_000, 1})}, nil},
	} {
		for _, protocol := range []string{ProtocolRemoteRead, ProtocolQuery} {
			f := newFakeServer(t, c.series...)
			n, err := NewNLB(Options{Name: "nlb", Server: testServer(t, f.URL, protocol), Selector: nlbSelector})
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := n.ReadGauges(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s by %s:\n%+v, want\n%+v", c.name, protocol, got, c.want)
			}
		}
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	var body string
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v1/status/buildinfo" {
			_, _ = io.WriteString(w, `{"status":"success","data":{"version":"3.9.0","revision":"abc"}}`)
			return true
		}
		_, _ = io.WriteString(w, body)
		return true
	}
	s := testServer(t, f.URL, "")
	body = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1700000000.123,"NaN"]}]},"warnings":["w"]}`
	got, warnings, err := s.Instant(t.Context(), "x", 1)
	if err != nil || len(got) != 1 || got[0].AtMillis != 1700000000123 || !math.IsNaN(got[0].Value) || got[0].Labels["a"] != "b" || len(warnings) != 1 {
		t.Errorf("%+v %v %v", got, warnings, err)
	}
	body = `{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`
	if got, _, err = s.Instant(t.Context(), "x", 1); err != nil || len(got) != 1 || got[0].Value != 2 {
		t.Errorf("%+v %v", got, err)
	}
	for _, body = range []string{`{}`, `<html>`, `{"status":"success","data":{"resultType":"matrix","result":[]}}`, `{"status":"success","data":{"resultType":"scalar","result":[1,2]}}`} {
		if err := s.Ping(t.Context()); !hasReason(err, ReasonBadData) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if info, err := s.BuildInfo(t.Context()); err != nil || info.Version != "3.9.0" {
		t.Errorf("%+v %v", info, err)
	}
}
