// Command query reads a stretch of history as most programs do: one instant query with a range selector,
// through the API client of client_golang as it comes.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: query URL SELECTOR WINDOW_MILLIS END_MILLIS...")
		os.Exit(2)
	}
	took, err := ask(os.Args[1], os.Args[2], os.Args[3], os.Args[4:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(took)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "query:", err)
		os.Exit(1)
	}
}

// ask reads the window before every end, and returns how many seconds each took.
func ask(url, selector, window string, ends []string) (took []float64, err error) {
	client, err := api.NewClient(api.Config{Address: url})
	if err != nil {
		return nil, err
	}
	for _, end := range ends {
		at, err := strconv.ParseInt(end, 10, 64)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		for _, s := range []string{`up{job="proxy"}`, selector} {
			value, _, _, err := v1.NewAPI(client).Query(context.Background(), s+"["+window+"ms]", time.UnixMilli(at))
			if err != nil {
				return nil, err
			}
			if _, ok := value.(model.Matrix); !ok {
				return nil, fmt.Errorf("%s: a %s", s, value.Type())
			}
		}
		took = append(took, time.Since(began).Seconds())
	}
	return took, nil
}
