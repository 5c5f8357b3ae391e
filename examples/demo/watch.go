package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// pollEvery is how often ghostpair and Prometheus are asked how things stand.
const pollEvery = 500 * time.Millisecond

// alert is one alert, as Prometheus's API gives it.
type alert struct {
	State       string            `json:"state"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// watch shows the findings as soon as they are there, then the alert, and waits for the end.
func (d *demo) watch(ctx context.Context) error {
	waiting, cancel := context.WithTimeoutCause(ctx, d.patience, fmt.Errorf("not as planted after %s", d.patience))
	defer cancel()
	d.printCast()
	started := time.Now()
	document, err := d.findingsReady(waiting)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "ghostpair has read the history, after %.1f s:\n\n", time.Since(started).Seconds())
	d.printFindings(document)
	d.printPlaces()
	alerts, verdict := d.settle(waiting)
	d.printAlerts(alerts)
	if verdict != nil {
		fmt.Fprintf(d.out, "\nnot as planted: %v\n", verdict)
	}
	if d.once {
		return verdict
	}
	fmt.Fprintln(d.out, "\nThe Envoys go on; Ctrl-C ends everything.")
	return d.ghostpair.wait(ctx)
}

// findingsReady waits until ghostpair has read the history, and asks for the findings.
func (d *demo) findingsReady(ctx context.Context) (*finding.Document, error) {
	err := d.poll(ctx, func() error {
		_, err := get(ctx, "http://"+d.findings+"/-/ready")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("wait for ghostpair: %w", err)
	}
	return d.document(ctx)
}

// settle waits until findings and alerts are as planted. The error says in what they are not.
func (d *demo) settle(ctx context.Context) ([]alert, error) {
	var alerts []alert
	err := d.poll(ctx, func() error {
		document, err := d.document(ctx)
		if err != nil {
			return err
		}
		if alerts, err = d.firing(ctx); err != nil {
			return err
		}
		return errors.Join(check(cast(), document), checkAlerts(cast(), alerts))
	})
	return alerts, err
}

// poll tries until there is no error, until the context or ghostpair ends.
func (d *demo) poll(ctx context.Context, try func() error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case ended := <-d.ghostpair.done:
			return d.ghostpair.early(ended)
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

func (d *demo) document(ctx context.Context) (*finding.Document, error) {
	var document finding.Document
	if err := ask(ctx, "http://"+d.findings+"/api/v1/findings", &document); err != nil {
		return nil, err
	}
	return &document, nil
}

// firing are the alerts that Prometheus has raised.
func (d *demo) firing(ctx context.Context) ([]alert, error) {
	var data struct {
		Alerts []alert `json:"alerts"`
	}
	if err := ask(ctx, d.prometheus.URL()+"/api/v1/alerts", &data); err != nil {
		return nil, err
	}
	firing := data.Alerts[:0]
	for _, a := range data.Alerts {
		if a.State == "firing" {
			firing = append(firing, a)
		}
	}
	return firing, nil
}

// ask reads the data of an answer in the envelope of Prometheus's API.
func ask(ctx context.Context, url string, data any) error {
	body, err := get(ctx, url)
	if err != nil {
		return err
	}
	envelope := struct {
		Data any `json:"data"`
	}{data}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return fmt.Errorf("GET %s: %w", url, err)
	}
	return nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return body, nil
}
