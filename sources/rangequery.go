package sources

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

const (
	queryPath = "/api/v1/query"
	// firstQuerySpan is the window of the first query: a server builds the whole JSON answer in memory.
	firstQuerySpan = 2 * time.Hour
)

// selectorText writes matchers as a PromQL selector.
func selectorText(matchers []*labels.Matcher) string {
	texts := make([]string, len(matchers))
	for i, m := range matchers {
		texts[i] = m.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// rangeSelector asks for the raw samples of one query in (lo, hi]. The window of a range selector is
// closed on the left in Prometheus 2 and open in Prometheus 3.
func (f *fetch) rangeSelector(ctx context.Context, q query, lo, hi int64) error {
	form := url.Values{
		"query": {selectorText(f.server.withoutExternal(q.matchers)) + "[" + strconv.FormatInt(hi-lo, 10) + "ms]"},
		"time":  {secondsText(hi)},
		// Only VictoriaMetrics knows it: its cache would hide samples that came a moment ago.
		"nocache": {"1"},
		// Only Thanos knows these: half an answer, or one of means, would pass for all there is.
		"partial_response": {"false"}, "max_source_resolution": {"0s"},
	}
	r := f.request("query of a range", ReaderQuery, queryPath, lo, hi)
	r.body = []byte(form.Encode())
	r.header = map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	return f.ask(ctx, r, func(a *answer) error {
		if isHTML(a.contentType(), nil) {
			return badData("an HTML page instead of JSON")
		}
		d := &matrixDecoder{out: f.out, query: q.index, lo: lo, hi: hi, scan: newScanner(a.body)}
		return d.answer()
	})
}

func secondsText(millis int64) string {
	return strconv.FormatFloat(float64(millis)/1000, 'f', 3, 64)
}

// matrixDecoder decodes the answer to a range selector, series by series.
type matrixDecoder struct {
	out    handler
	query  int
	lo, hi int64
	scan   *scanner
	runs   compressor
	set    labelSet

	status, kind, message string
	found                 bool // data was there
	histograms            bool // were there, and skipped
	natives               []native
}

// answer reads {"status": …, "data": {"resultType": …, "result": […]}, "warnings": […]}.
func (d *matrixDecoder) answer() error {
	d.set.json = true
	if err := d.scan.object(d.member); err != nil {
		return err
	}
	if err := d.scan.end(); err != nil {
		return err
	}
	switch {
	case d.status == "error":
		return &problem{statusReason(http.StatusBadRequest, d.message), cleanText(d.message)}
	case d.status != "success" || !d.found:
		return badData("JSON without the data of a query")
	case d.kind != "" && d.kind != "matrix":
		return badData("an answer of type %q instead of a matrix", cleanText(d.kind))
	}
	return nil
}

func (d *matrixDecoder) member(name string) (err error) {
	switch name {
	case "status":
		return d.text(&d.status)
	case "error":
		return d.text(&d.message)
	case "data":
		d.found = true
		return d.scan.object(d.data)
	case "warnings", "infos":
		return d.scan.array(func() error {
			text, err := d.scan.string()
			if err == nil {
				d.out.warn(cleanText(string(text)))
			}
			return err
		})
	}
	return d.scan.skip(0)
}

func (d *matrixDecoder) text(into *string) error {
	text, err := d.scan.string()
	*into = string(text)
	return err
}

func (d *matrixDecoder) data(name string) error {
	switch name {
	case "resultType":
		return d.text(&d.kind)
	case "result":
		return d.scan.array(d.series)
	}
	return d.scan.skip(0)
}

func (d *matrixDecoder) series() error {
	d.set.raw = append(d.set.raw[:0], "{}"...)
	d.runs.reset(d.lo, d.hi)
	d.natives = d.natives[:0]
	if err := d.scan.object(d.part); err != nil {
		return err
	}
	if len(d.natives) > 0 {
		if err := d.out.natives(d.query, d.set, d.natives); err != nil {
			return err
		}
	}
	if runs := d.runs.finish(); len(runs) > 0 {
		return d.out.series(d.query, d.set, runs, d.runs.samples)
	}
	return nil
}

func (d *matrixDecoder) part(name string) error {
	switch name {
	case "metric":
		return d.metric()
	case "values":
		return d.scan.array(d.sample)
	case "histograms":
		if d.out.wantsNatives() {
			return d.scan.array(d.histogram)
		}
		if !d.histograms {
			d.histograms = true
			d.out.warn(histogramWarning)
		}
	}
	return d.scan.skip(0)
}

// metric copies the labels as they stand. They are decoded when they are new.
func (d *matrixDecoder) metric() error {
	raw := append(d.set.raw[:0], '{')
	err := d.scan.list('{', '}', func() error {
		name, err := d.scan.rawString()
		if err != nil {
			return err
		}
		raw = append(append(raw, name...), ':')
		if err := d.scan.expect(':'); err != nil {
			return err
		}
		value, err := d.scan.rawString()
		raw = append(append(raw, value...), ',')
		return err
	})
	d.set.raw = append(bytes.TrimSuffix(raw, []byte{','}), '}')
	return err
}

// sample takes [seconds, "value"].
func (d *matrixDecoder) sample() error {
	if err := d.scan.expect('['); err != nil {
		return err
	}
	t, err := d.scan.millis()
	if err != nil {
		return err
	}
	if err := d.scan.expect(','); err != nil {
		return err
	}
	v, err := d.scan.value()
	if err != nil {
		return err
	}
	d.runs.add(t, v)
	return d.scan.expect(']')
}
