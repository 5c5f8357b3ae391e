package config

import "fmt"

// Diagnosis says which pods are at the ends of routes, where no metric does.
type Diagnosis struct {
	Callers   []Pods // that call the proxies of a route
	Upstreams []Pods // behind a route
}

// Pods are pods of a cluster, for some routes.
type Pods struct {
	Route          string // anchored regular expression
	Namespace, Pod string // anchored regular expressions of their names
}

func (r *reader) diagnosis(b *block, d *Diagnosis) {
	r.pods(b, "callers", &d.Callers)
	r.pods(b, "upstreams", &d.Upstreams)
	b.done()
}

// pods reads a list of pods. All of the keys must be given: a pod of any namespace is seldom meant.
func (r *reader) pods(b *block, key string, target *[]Pods) {
	items, _ := b.list(key)
	for i, item := range items {
		e := r.block(item, fmt.Sprintf("%s[%d]", b.at(key), i))
		var p Pods
		for _, part := range []struct {
			key, remedy string
			target      *string
		}{
			{"route", "give a regular expression of the routes, `.*` for all", &p.Route},
			{"namespace", "give a regular expression of the namespaces of the pods", &p.Namespace},
			{"pod", "give a regular expression of the names of the pods, `.*` for all of the namespace", &p.Pod},
		} {
			if e.text(part.key, part.target) && *part.target != "" {
				e.anchored(part.key, *part.target)
			} else {
				e.fail(part.key, "is missing", part.remedy)
			}
		}
		e.done()
		*target = append(*target, p)
	}
}
