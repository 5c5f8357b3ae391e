// Command query reads a stretch of history as most programs do: one instant query with a range selector,
// through the API client of client_golang as it comes.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: query URL SELECTOR START_MILLIS END_MILLIS")
		os.Exit(2)
	}
	samples, err := query(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		fmt.Fprintln(os.Stderr, "query:", err)
		os.Exit(1)
	}
	fmt.Println(samples)
}

func query(url, selector, start, end string) (samples int, err error) {
	from, err := strconv.ParseInt(start, 10, 64)
	if err != nil {
		return 0, err
	}
	to, err := strconv.ParseInt(end, 10, 64)
	if err != nil {
		return 0, err
	}
	client, err := api.NewClient(api.Config{Address: url})
	if err != nil {
		return 0, err
	}
	window := time.Duration(to-from) * time.Millisecond
	for _, s := range []string{`up{job="proxy"}`, selector} {
		value, _, _, err := v1.NewAPI(client).Query(context.Background(), fmt.Sprintf("%s[%dms]", s, window.Milliseconds()), time.UnixMilli(to))
		if err != nil {
			return 0, err
		}
		for _, series := range value.(model.Matrix) {
			samples += len(series.Values)
		}
	}
	return samples, nil
}
