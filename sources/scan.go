package sources

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
)

// scanner pulls the parts of a JSON answer out of a stream, so that an answer of any size needs the
// memory of one series. It knows as much of JSON as the answers of the query API use and refuses the
// rest.
type scanner struct {
	in   *bufio.Reader
	text []byte // scratch of one string or number
}

func newScanner(in io.Reader) *scanner { return &scanner{in: bufio.NewReaderSize(in, 64<<10)} }

const (
	maxJSONDepth  = 32
	maxJSONString = 1 << 20
)

// peek returns the next byte that is not white space, without taking it.
func (s *scanner) peek() (byte, error) {
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return 0, cutShort(err)
		}
		switch b {
		case ' ', '\t', '\n', '\r':
		default:
			return b, s.in.UnreadByte()
		}
	}
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return &problem{ReasonTruncated, "the JSON answer stopped in the middle"}
	}
	return err
}

// expect takes one byte that must come next.
func (s *scanner) expect(want byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != want {
		return badData("not the JSON of the query API: %q where %q should be", got, want)
	}
	_, err = s.in.ReadByte()
	return err
}

// accept takes the byte if it comes next.
func (s *scanner) accept(want byte) (bool, error) {
	got, err := s.peek()
	if err != nil || got != want {
		return false, err
	}
	_, err = s.in.ReadByte()
	return true, err
}

// object calls member for every member of an object, which must take the value.
func (s *scanner) object(member func(name string) error) error {
	return s.list('{', '}', func() error {
		name, err := s.string()
		if err != nil {
			return err
		}
		key := string(name)
		if err := s.expect(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// array calls element for every element of an array, which must take it.
func (s *scanner) array(element func() error) error { return s.list('[', ']', element) }

func (s *scanner) list(open, shut byte, item func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	if done, err := s.accept(shut); done || err != nil {
		return err
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if more, err := s.accept(','); err != nil {
			return err
		} else if !more {
			return s.expect(shut)
		}
	}
}

// string takes a string. The bytes are valid until the next call.
func (s *scanner) string() ([]byte, error) {
	raw, err := s.rawString()
	if err != nil {
		return nil, err
	}
	for _, b := range raw {
		if b == '\\' || b < ' ' {
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, badData("a string: %v", err)
			}
			return []byte(text), nil
		}
	}
	return raw[1 : len(raw)-1], nil
}

// rawString takes a string with its quotes and escapes.
func (s *scanner) rawString() ([]byte, error) {
	s.text = append(s.text[:0], '"')
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	for escaped := false; ; {
		b, err := s.in.ReadByte()
		if err != nil {
			return nil, cutShort(err)
		}
		s.text = append(s.text, b)
		switch {
		case escaped:
			escaped = false
		case b == '\\':
			escaped = true
		case b == '"':
			return s.text, nil
		case len(s.text) > maxJSONString:
			return nil, badData("a string of more than %d bytes", maxJSONString)
		}
	}
}

// number takes a number, or any other bare word, as text.
func (s *scanner) number() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	s.text = s.text[:0]
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return nil, cutShort(err)
		}
		switch b {
		case ',', ']', '}', ' ', '\t', '\n', '\r':
			return s.text, s.in.UnreadByte()
		}
		if s.text = append(s.text, b); len(s.text) > 64 {
			return nil, badData("a number of more than 64 digits")
		}
	}
}

// skip takes any value.
func (s *scanner) skip(depth int) error {
	if depth > maxJSONDepth {
		return badData("JSON nested more than %d deep", maxJSONDepth)
	}
	b, err := s.peek()
	if err != nil {
		return err
	}
	switch b {
	case '{':
		return s.object(func(string) error { return s.skip(depth + 1) })
	case '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case '"':
		_, err = s.rawString()
	default:
		_, err = s.number()
	}
	return err
}

// millis takes a time in seconds with up to three decimals, without the detour over a float.
func (s *scanner) millis() (int64, error) {
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	if t, ok := parseMillis(text); ok {
		return t, nil
	}
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(seconds) > 1e15 {
		return 0, badData("a time %q", text)
	}
	return int64(math.Round(seconds * 1000)), nil
}

func parseMillis(text []byte) (int64, bool) {
	var t int64
	decimals := -1
	for _, b := range text {
		switch {
		case b == '.' && decimals < 0:
			decimals = 0
		case b < '0' || b > '9' || decimals == 3 || t > 1e14:
			return 0, false
		default:
			t = t*10 + int64(b-'0')
			if decimals >= 0 {
				decimals++
			}
		}
	}
	for i := max(decimals, 0); i < 3; i++ {
		t *= 10
	}
	return t, len(text) > 0
}

// value takes a sample value: a number as a string.
func (s *scanner) value() (float64, error) {
	text, err := s.string()
	if err != nil {
		return 0, err
	}
	if v, ok := parseSmallInteger(text); ok {
		return v, nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, badData("a value %q", cleanText(string(text)))
	}
	return v, nil
}

func parseSmallInteger(text []byte) (float64, bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	var n int64
	for _, b := range text {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + int64(b-'0')
	}
	return float64(n), true
}

// end makes sure that nothing but white space follows.
func (s *scanner) end() error {
	_, err := s.peek()
	var cut *problem
	if errors.As(err, &cut) && cut.reason == ReasonTruncated {
		return nil
	}
	if err == nil {
		rest, _ := s.in.Peek(min(s.in.Buffered(), 64))
		err = badData("%q after the end of the JSON answer", rest)
	}
	return err
}
