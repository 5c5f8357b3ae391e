package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/config"
)

// lagRange reads a flag that is a range of lags such as 5s..6.5s (5s-6.5s is the same), or the name of a
// known fingerprint.
func lagRange(flag, text string, known []config.Fingerprint) (config.Fingerprint, error) {
	i := slices.IndexFunc(known, func(f config.Fingerprint) bool { return f.Name == text })
	if i >= 0 {
		return known[i], nil
	}
	lower, upper, ok := strings.Cut(text, "..")
	if !ok {
		lower, upper, ok = strings.Cut(text, "-")
	}
	lo, errLo := parseLag(lower)
	hi, errHi := parseLag(upper)
	switch {
	case !ok || errLo != nil || errHi != nil:
		wanted := "a range of lags, such as 5s..6.5s"
		for _, f := range known {
			wanted += ", or " + f.Name
		}
		return config.Fingerprint{}, fmt.Errorf("%s %q is not %s", flag, text, wanted)
	case lo < 250*time.Millisecond || lo >= hi || hi > 10*time.Minute:
		return config.Fingerprint{}, fmt.Errorf("%s %q must be two lags between 250ms and 10m, the shorter one first", flag, text)
	}
	return config.Fingerprint{Name: text, Lo: lo, Hi: hi}, nil
}
