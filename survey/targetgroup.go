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
			return nil, fmt.Errorf("Attributes[%d] lacks its Key or Value", i)
		}
		if old, ok := attributes[*a.Key]; ok && old != *a.Value {
			return nil, fmt.Errorf("Attributes[%d]: %s is both %s and %s", i, *a.Key, old, *a.Value)
		}
		attributes[*a.Key] = *a.Value
	}
	return attributes, nil
}

// ParseTargetGroup reads what `aws elbv2 describe-target-groups` prints. Where it has several, wanted names
// one by its name or a part of its ARN.
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
	var names []string
	for _, g := range file.TargetGroups {
		if wanted != "" && g.TargetGroupName != wanted && !strings.Contains(g.TargetGroupArn, wanted) {
			continue
		}
		names = append(names, g.TargetGroupName)
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
	slices.Sort(names)
	return TargetGroup{}, fmt.Errorf("it has %d target groups: choose one of %s", len(found), strings.Join(names, ", "))
}

func decode(data []byte, into any) error {
	if err := json.Unmarshal(bytes.TrimSpace(data), into); err != nil {
		return fmt.Errorf("it is not the JSON that aws elbv2 prints: %w", err)
	}
	return nil
}
