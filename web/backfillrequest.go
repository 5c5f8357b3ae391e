package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRequest bounds the body of a request, in bytes.
const maxRequest = 64 << 10

// single returns the parameters that may be given once, and where they go.
func (b *BackfillRequest) single() map[string]*string {
	return map[string]*string{"start": &b.Start, "end": &b.End, "lead_in": &b.LeadIn, "selector": &b.Selector}
}

// several returns the parameters that may be given several times.
func (b *BackfillRequest) several() map[string]*[]string {
	return map[string]*[]string{"source": &b.Sources, "fingerprint": &b.Fingerprints, "route_label": &b.RouteLabels}
}

// parseBackfill reads a request that is a JSON object, or a form with or without parameters in the
// address. What it is follows from its first byte, because curl -d calls everything a form.
func parseBackfill(w http.ResponseWriter, r *http.Request) (BackfillRequest, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return BackfillRequest{}, fmt.Errorf("the request has more than %d bytes", maxRequest)
	case err != nil:
		return BackfillRequest{}, fmt.Errorf("read the request: %w", err)
	}
	values := r.URL.Query()
	if trimmed := bytes.TrimSpace(body); bytes.HasPrefix(trimmed, []byte("{")) || bytes.HasPrefix(trimmed, []byte("[")) {
		err = addJSON(values, trimmed)
	} else {
		err = addForm(values, string(body))
	}
	if err != nil {
		return BackfillRequest{}, err
	}
	return backfillRequest(values)
}

func addForm(values url.Values, body string) error {
	form, err := url.ParseQuery(body)
	if err != nil {
		return fmt.Errorf("the body is neither a JSON object nor a form: %w", err)
	}
	for name, more := range form {
		values[name] = append(values[name], more...)
	}
	return nil
}

// addJSON adds the members of a JSON object, whose values are texts, numbers or lists of them.
func addJSON(values url.Values, body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var members map[string]any
	err := decoder.Decode(&members)
	if err == nil && decoder.InputOffset() != int64(len(body)) {
		err = errors.New("something follows the object")
	}
	if err != nil {
		return fmt.Errorf("the body is no JSON object: %w", err)
	}
	for name, member := range members {
		list, ok := member.([]any)
		if !ok {
			list = []any{member}
		}
		for _, value := range list {
			switch v := value.(type) {
			case nil: // as if it were not there
			case string:
				values.Add(name, v)
			case json.Number:
				values.Add(name, v.String())
			default:
				return fmt.Errorf("%s: must be a text, a number or a list of texts", name)
			}
		}
	}
	return nil
}

// backfillRequest checks the names of parameters. What they hold is for others to judge.
func backfillRequest(values url.Values) (BackfillRequest, error) {
	var b BackfillRequest
	single, several := b.single(), b.several()
	for _, name := range slices.Sorted(maps.Keys(values)) { // the same mistake is named every time
		given := values[name]
		if target, ok := several[name]; ok {
			*target = given
			continue
		}
		target, ok := single[name]
		switch {
		case !ok:
			known := slices.Concat(slices.Sorted(maps.Keys(single)), slices.Sorted(maps.Keys(several)))
			return b, fmt.Errorf("%q is no parameter: there are %s", name, strings.Join(known, ", "))
		case len(given) > 1:
			return b, fmt.Errorf("%s is given %d times", name, len(given))
		case len(given) == 1:
			*target = given[0]
		}
	}
	if b.Start == "" {
		return b, errors.New("start is missing: an instant such as -7d, 2026-11-01T00:00:00Z or Unix seconds")
	}
	return b, nil
}
