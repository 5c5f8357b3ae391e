package sources

import (
	"context"
	"maps"
)

// ExternalLabels returns what the server adds to every series that leaves it through remote read. Known
// is false when it does not show its configuration, so that it may have some.
func (s *Server) ExternalLabels(ctx context.Context) (labels map[string]string, known bool, err error) {
	external, err := s.loadExternal(ctx, "", nil)
	if err != nil {
		return nil, false, err
	}
	return maps.Clone(external.values), external.known, nil
}
