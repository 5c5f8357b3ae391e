package survey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// TargetGroup is what AWS says of a target group and Prometheus cannot know. What is empty is not known.
type TargetGroup struct {
	ARN                                                        string
	TargetType, Protocol, HealthCheckProtocol, HealthCheckPort string
	Attributes                                                 map[string]string
}

// ParseAttributes reads what `aws elbv2 describe-target-group-attributes` prints.
func ParseAttributes(data []byte) (map[string]string, error) {
	var file struct {
		Attributes []struct{ Key, Value *string }
	}
	if err := decode(data, &file); err != nil {
		return nil, err
	}
	if len(file.Attributes) == 0 {
		return nil, errors.New(`it has no "Attributes": print it with aws elbv2 describe-target-group-attributes --output json`)
	}
	attributes := make(map[string]string)
	for i, a := range file.Attributes {
		if a.Key == nil || a.Value == nil {
			return nil, fmt.Errorf("attribute %d lacks its Key or Value", i)
		}
		if old, ok := attributes[*a.Key]; ok && old != *a.Value {
			return nil, fmt.Errorf("attribute %d: %s is both %s and %s", i, *a.Key, old, *a.Value)
		}
		attributes[*a.Key] = *a.Value
	}
	return attributes, nil
}

// ParseTargetGroup reads what `aws elbv2 describe-target-groups` prints. Where it has several, wanted is the
// name or the ARN of one.
func ParseTargetGroup(data []byte, wanted string) (TargetGroup, error) {
	var file struct {
		TargetGroups []struct {
			TargetGroupArn, TargetGroupName, TargetType, Protocol string
			HealthCheckProtocol, HealthCheckPort                  string
		}
	}
	if err := decode(data, &file); err != nil {
		return TargetGroup{}, err
	}
	var found []TargetGroup
	var candidates []string
	for _, g := range file.TargetGroups {
		if wanted != "" && g.TargetGroupName != wanted && !names(g.TargetGroupArn, wanted) {
			continue
		}
		candidates = append(candidates, g.TargetGroupName)
		found = append(found, TargetGroup{
			ARN: g.TargetGroupArn, TargetType: g.TargetType, Protocol: g.Protocol,
			HealthCheckProtocol: g.HealthCheckProtocol, HealthCheckPort: g.HealthCheckPort,
		})
	}
	switch len(found) {
	case 0:
		return TargetGroup{}, errors.New(`it has no such target group: print it with aws elbv2 describe-target-groups --output json`)
	case 1:
		return found[0], nil
	}
	slices.Sort(candidates)
	return TargetGroup{}, fmt.Errorf("it has %d target groups: choose one of %s", len(found), strings.Join(candidates, ", "))
}

// names tells whether an ARN, or the part of it that metrics carry, is that of a target group: of its name or
// its ID, or the same ARN.
func names(arn, wanted string) bool {
	return arn == wanted || slices.Contains(strings.Split(arn, "/"), wanted)
}

// bearing tells whether a target-group attribute that preflight does not know may matter: it is none of those
// that say what happens to targets that leave or fail.
func bearing(key string) bool {
	for _, prefix := range []string{
		"deregistration_delay.", "target_group_health.", "target_health_state.", "target_failover.", "proxy_protocol_v2.client_to_server.",
	} {
		if strings.HasPrefix(key, prefix) {
			return false
		}
	}
	return true
}

func decode(data []byte, into any) error {
	if err := json.Unmarshal(bytes.TrimSpace(data), into); err != nil {
		return fmt.Errorf("it is not the JSON that aws elbv2 prints: %w", err)
	}
	return nil
}
