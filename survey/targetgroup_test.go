package survey

import (
	"maps"
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis"
)

func TestParseAttributes(t *testing.T) {
	t.Parallel()
	got, err := ParseAttributes([]byte(`{"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "true"}, {"Key": "a", "Value": ""}]}`))
	if want := map[string]string{"preserve_client_ip.enabled": "true", "a": ""}; err != nil || !maps.Equal(got, want) {
		t.Errorf("attributes %v, error %v", got, err)
	}
	for name, text := range map[string]string{
		"YAML":         "Attributes: []",
		"another file": `{"TargetGroups": []}`,
		"no value":     `{"Attributes": [{"Key": "a"}]}`,
		"twice":        `{"Attributes": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}`,
		"empty":        "",
	} {
		if got, err := ParseAttributes([]byte(text)); err == nil {
			t.Errorf("%s: %v, want an error", name, got)
		}
	}
}

func TestParseTargetGroup(t *testing.T) {
	t.Parallel()
	const two = `{"TargetGroups": [
		{"TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/gw/0a", "TargetGroupName": "gw", "TargetType": "ip"},
		{"TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/gw-tls/0b", "TargetGroupName": "gw-tls", "TargetType": "instance"}]}`
	for wanted, want := range map[string]string{
		"gw": "ip", "gw-tls": "instance", "0b": "instance",
		"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/gw/0a": "ip",
	} {
		if got, err := ParseTargetGroup([]byte(two), wanted); err != nil || got.TargetType != want {
			t.Errorf("%s: %+v, error %v", wanted, got, err)
		}
	}
	for _, wanted := range []string{"", "g", "other"} { // several, none, none
		if got, err := ParseTargetGroup([]byte(two), wanted); err == nil {
			t.Errorf("%q: %+v, want an error", wanted, got)
		}
	}
}

func FuzzParseAttributes(f *testing.F) {
	f.Add([]byte(`{"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "true"}]}`))
	f.Add([]byte(`{"Attributes": [null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		attributes, err := ParseAttributes(data)
		if err == nil && len(attributes) == 0 {
			t.Error("no attributes, and no error")
		}
		_, _ = ParseTargetGroup(data, "")
	})
}

func TestSelectPods(t *testing.T) {
	t.Parallel()
	pods := []diagnosis.Pod{{Namespace: "shop", Name: "web-0"}, {Namespace: "shop", Name: "web-0-canary"}, {Namespace: "shop-b", Name: "web-0"}}
	for pattern, want := range map[string]int{
		"shop/web-0":    1, // anchored at both ends
		"shop/web-.*":   2,
		"shop.*/web-0":  2,
		".*/.*":         3,
		"shop/a|web-0":  1, // an alternative is no way around the anchors
		"other/web-0":   0,
		"shop/web-0|.*": 2,
	} {
		if got, err := selectPods(pods, pattern); err != nil || len(got) != want {
			t.Errorf("%s: %v, error %v, want %d", pattern, got, err, want)
		}
	}
	for _, pattern := range []string{"shop", "/a", "shop/", "shop/(", "(/a"} {
		if got, err := selectPods(pods, pattern); err == nil {
			t.Errorf("%q: %v, want an error", pattern, got)
		}
	}
}
