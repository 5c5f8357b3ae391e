// Command serve is the embedded Prometheus, for machines on which none is installed.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: serve DIR ADDRESS")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func serve(dir, address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := promtest.Start(ctx, promtest.Options{Dir: dir, Listen: address})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return server.Close()
}
