package engine

import "fmt"

// Continue returns an engine with other options that goes on where e stands, and shows what e
// showed. What the state depends on must be the same: options.ConfigHash tells. The old engine
// must not be advanced afterwards.
func (e *Engine) Continue(options Options) (*Engine, error) {
	e.Stop()
	next, err := New(options)
	if err != nil {
		return nil, err
	}
	state, err := e.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("engine: hand over: %w", err)
	}
	if err := next.UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("engine: hand over: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, t := range e.timing {
		next.timing[i].shown, next.timing[i].part = t.shown, t.part
	}
	for _, g := range next.gauges {
		for _, old := range e.gauges {
			if g.Name == old.Name {
				g.samples, g.stats, g.lastSuccess = old.samples, old.stats, old.lastSuccess
			}
		}
	}
	next.published.Store(e.published.Load())
	next.resetShared()
	return next, nil
}
