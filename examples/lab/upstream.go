package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// brokenPath is the end of the paths that the upstream answers with a 500, at once.
const brokenPath = "/broken"

// An upstream is the one service behind Envoy that works.
type upstream struct {
	addr   address
	server *http.Server
	done   chan error // what Serve returned
}

func startUpstream() (*upstream, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	addr, err := parseAddress(l.Addr().String())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	u := &upstream{
		addr:   addr,
		server: &http.Server{Handler: http.HandlerFunc(answer), ReadHeaderTimeout: 5 * time.Second},
		done:   make(chan error, 1),
	}
	go func() { u.done <- u.server.Serve(l) }() // ends in stop
	return u, nil
}

func answer(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, brokenPath) {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (u *upstream) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := u.server.Shutdown(ctx)
	if served := <-u.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
