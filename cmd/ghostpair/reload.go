package main

import (
	"context"

	"github.com/ghostpair/ghostpair/config"
)

// reload loads the configuration again. Everything new is built before anything old is touched:
// with a bad configuration the old one stays. It runs in the loop.
func (l *loop) reload(ctx context.Context) error {
	c, err := l.load()
	if err == nil {
		err = l.adopt(ctx, c)
	}
	l.loaded(c, err)
	if err != nil {
		l.logger.Error("Reloading the configuration; the old one stays", "err", err)
	}
	return err
}

// adopt brings a configuration into use. What the state of the detector does not depend on changes
// at once. Else history is replayed under the new configuration while the old one goes on serving.
func (l *loop) adopt(ctx context.Context, c *config.Config) error {
	serving := l.serving.Load()
	successor := l.replaying != nil && l.replaying.instance != serving
	switch hash := c.Hash(); {
	case hash == serving.config.Hash():
		return l.adjust(ctx, c)
	case successor && hash == l.replaying.config.Hash():
		return nil // it is on its way
	}
	next, err := l.newInstance(c)
	if err != nil {
		return err
	}
	l.replaying.end()
	if serving.engine.Evaluation() == nil {
		l.serving.Store(next) // there is nothing that could go on being served
	}
	l.replaying = start(ctx, next, l.replay)
	l.logger.Info("Reloaded the configuration: history is replayed under it, the old findings stay until then")
	return nil
}

// adjust gives the instance that serves other limits, another pace or other credentials. Its state
// stays.
func (l *loop) adjust(ctx context.Context, c *config.Config) error {
	next, err := l.newInstance(c) // as a check, before anything stops
	if err != nil {
		return err
	}
	serving := l.serving.Load()
	warmingUp := l.warmingUp()
	l.ticking.stop()
	l.replaying.end() // also of a successor under another configuration, which is not wanted any more
	l.ticking, l.replaying = nil, nil
	next.engine, err = serving.engine.Continue(next.options)
	if err != nil {
		// Both engines are of one configuration hash: this cannot be, but must not end the service.
		next = serving
	}
	l.serving.Store(next)
	if warmingUp {
		l.replaying = start(ctx, next, l.replay)
	}
	if err == nil {
		l.logger.Info("Reloaded the configuration")
	}
	return err
}
