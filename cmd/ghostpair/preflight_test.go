package main

import (
	"testing"

	"github.com/ghostpair/ghostpair/simulate"
)

// cluster is three nodes in two zones, with a gateway of two pods that a Service of type LoadBalancer stands
// before, and two callers: one on a node of the gateway, one not. A pod that has ended is on the other.
const cluster = `
	kube_node_info{job="ksm",node="n1",provider_id="aws:///eu-west-1a/i-1"}
	kube_node_info{job="ksm",node="n2",provider_id="aws:///eu-west-1b/i-2"}
	kube_node_info{job="ksm",node="n3",provider_id="aws:///eu-west-1b/i-3"}
	kube_pod_info{job="ksm",namespace="gw",pod="envoy-0",node="n1",pod_ip="10.0.1.1"}
	kube_pod_info{job="ksm",namespace="gw",pod="envoy-1",node="n2",pod_ip="10.0.2.1"}
	kube_pod_info{job="ksm",namespace="shop",pod="web-a",node="n1",pod_ip="10.0.1.2"}
	kube_pod_info{job="ksm",namespace="shop",pod="web-b",node="n3",pod_ip="10.0.3.2"}
	kube_pod_info{job="ksm",namespace="shop",pod="job-x",node="n2",pod_ip="10.0.2.9"}
	kube_pod_status_phase{job="ksm",namespace="shop",pod="job-x",phase="Succeeded"}
	kube_service_spec_type{job="ksm",namespace="gw",service="envoy",type="LoadBalancer"}
	kube_service_info{job="ksm",namespace="gw",service="envoy",external_traffic_policy="Local"}
	kube_endpointslice_labels{job="ksm",namespace="gw",endpointslice="envoy-abcde",label_kubernetes_io_service_name="envoy"}
	kube_endpointslice_endpoints{job="ksm",namespace="gw",endpointslice="envoy-abcde",address="10.0.1.1",endpoint_nodename="n1",ready="true",targetref_kind="Pod",targetref_name="envoy-0",targetref_namespace="gw"}
	kube_endpointslice_endpoints{job="ksm",namespace="gw",endpointslice="envoy-abcde",address="10.0.2.1",endpoint_nodename="n2",ready="true",targetref_kind="Pod",targetref_name="envoy-1",targetref_namespace="gw"}
	aws_networkelb_healthy_host_count_minimum{job="cw",load_balancer="net/gw/1",target_group="targetgroup/gw/2"}
`

func newCluster(t *testing.T, texts ...string) *fakeSurveyed {
	t.Helper()
	return newFakeSurveyed(t, &simulate.Fleet{StartMillis: history.UnixMilli()}, gauges(t, texts...)...)
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	server := newCluster(t, cluster)
	at := "--at=" + surveyAt
	// web-a meets envoy-0: one of two targets with cross-zone, the only one of its zone without.
	server.golden(t, "preflight-no", "preflight", at, "--clients=shop/web-.*", "--target-type=instance", "--protocol=TCP", "--cross-zone=on", "--fail-on=hairpin")
	server.golden(t, "preflight-zones", "preflight", at, "--clients=shop/web-a", "--target-type=ip", "--protocol=TCP", "--cross-zone=off", "--health-check.protocol=TCP", "--target-group=gw")
	server.golden(t, "preflight-yes", "preflight", at, "--clients=shop/web-b", "--target-type=ip", "--protocol=TCP", "--health-check.protocol=TCP", "--fail-on=unknown")
	server.golden(t, "preflight-every", "preflight", at)
	server.golden(t, "preflight-files", "preflight", at, "--service=gw/envoy", "--clients=shop/.*",
		"--target-group.file=testdata/target-groups.json", "--target-group=gw", "--attributes.file=testdata/attributes.json", "--output=json")
}

// A Service that kube-state-metrics does not know, or knows twice, and one without kube-state-metrics.
func TestPreflightUnknown(t *testing.T) {
	t.Parallel()
	at := "--at=" + surveyAt
	newCluster(t).golden(t, "preflight-nothing", "preflight", at, "--service=gw/envoy", "--fail-on=unknown")
	newCluster(t).golden(t, "preflight-none", "preflight", at)
	newCluster(t, `
		kube_service_spec_type{namespace="gw",service="a",type="LoadBalancer"}
		kube_service_spec_type{namespace="gw",service="b",type="LoadBalancer"}
	`).golden(t, "preflight-several", "preflight", at)
}

// kube-state-metrics without honorLabels, before 2.20, scraped twice: the pods are those of another name, and
// nothing is counted twice.
func TestPreflightQuirks(t *testing.T) {
	t.Parallel()
	const own = `namespace="monitoring",pod="ksm-0",service="ksm",job=`
	server := newCluster(t, `
		kube_pod_info{`+own+`"a",exported_namespace="gw",exported_pod="envoy-0",node="n1"}
		kube_pod_info{`+own+`"b",exported_namespace="gw",exported_pod="envoy-0",node="n1"}
		kube_pod_info{`+own+`"a",exported_namespace="shop",exported_pod="web-a",node="n1"}
		kube_pod_info{`+own+`"a",exported_namespace="shop",exported_pod="web-c",node="n1"}
		kube_pod_info{`+own+`"b",exported_namespace="shop",exported_pod="web-c",node="n2"}
		kube_endpointslice_endpoints{`+own+`"a",exported_namespace="gw",endpointslice="envoy-bcdfg",address="10.0.1.1",nodename="n1",ready="true",targetref_kind="Pod",targetref_name="envoy-0",targetref_namespace="gw"}
		kube_endpointslice_endpoints{`+own+`"a",exported_namespace="gw",endpointslice="envoy-api-bcdfg",address="10.0.1.7",nodename="n7",ready="true"}
		kube_service_info{`+own+`"a",exported_namespace="gw",exported_service="envoy",external_traffic_policy="Cluster"}
	`)
	server.golden(t, "preflight-quirks", "preflight", "--at="+surveyAt, "--service=gw/envoy", "--clients=shop/web-.*", "--target-type=ip", "--protocol=TCP")
}

func TestPreflightUsage(t *testing.T) {
	t.Parallel()
	golden(t, "preflight-usage", "preflight", "--service=gw/envoy", "--targets=gw", "--at=yesterday", "--attributes.file=testdata/good.yml")
	golden(t, "preflight-usage-group", "preflight", "--service=gw/envoy", "--target-group.file=testdata/target-groups.json")
}

func TestHelpOfSurveys(t *testing.T) {
	t.Parallel()
	golden(t, "help-doctor", "doctor", "--help")
	golden(t, "help-preflight", "preflight", "--help")
}
