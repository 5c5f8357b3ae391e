// Package estimate answers the one-look questions about a histogram of lags: the lag of the
// pairs, the share of errors in pairs, an upper bound of that share, and which look-alikes the
// lags resemble. Nothing here carries the every-horizon promise of the detector.
package estimate
