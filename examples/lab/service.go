package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// What the service does to a request depends on its path; any other is answered at once.
const (
	brokenPath = "/broken"  // a 500, at once
	latePath   = "/late"    // an answer, after lateness
	hangUpPath = "/hang-up" // the connection is closed under the request
)

// lateness is more than any timeout of the lab.
const lateness = 8 * time.Second

// A service is the one upstream that works.
type service struct {
	addr   address
	server *http.Server
	done   chan error // what Serve returned
}

func startService() (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	addr, err := parseAddress(l.Addr().String())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &service{
		addr:   addr,
		server: &http.Server{Handler: http.HandlerFunc(answer), ReadHeaderTimeout: 5 * time.Second},
		done:   make(chan error, 1),
	}
	go func() { s.done <- s.server.Serve(l) }() // ends in stop
	return s, nil
}

func answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case brokenPath:
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	case hangUpPath:
		// As one that closes its idle connections does, when a request comes at that very moment.
		panic(http.ErrAbortHandler)
	case latePath:
		select {
		case <-time.After(lateness):
		case <-r.Context().Done(): // Envoy has given up
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *service) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
