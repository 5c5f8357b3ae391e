package main

import (
	"context"
	"io"
)

func benchLive(ctx context.Context, o options, t tools, out io.Writer) error { return nil }
