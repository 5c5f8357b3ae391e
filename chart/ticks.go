package chart

import (
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
)

// countTicks are about four round numbers from 0 on, and never parts of one.
func countTicks(top float64) plot.ConstantTicks {
	step := roundStep(top/4, 1)
	var ticks plot.ConstantTicks
	for v := 0.0; v <= top+step*1e-9; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: shortCount(v)})
	}
	return ticks
}

// shortCount writes 12000 as 12k.
func shortCount(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case v >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// percentTicks are about four round shares between bottom and top.
func percentTicks(bottom, top float64) plot.ConstantTicks {
	step := roundStep((top-bottom)/4, 0)
	var ticks plot.ConstantTicks
	for i := math.Ceil(bottom/step - 1e-9); i*step <= top+step*1e-9; i++ {
		v := i*step + 0 // no negative zero
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(100*v, 'g', 4, 64) + "%"})
	}
	return ticks
}

// roundStep is the smallest of 1, 2 and 5 times a power of ten that is not below v and least.
func roundStep(v, least float64) float64 {
	v = max(v, least)
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// timeTicks are midnights in the time zone of from: every day of a week, fewer of a longer stretch,
// hours of a short one. Values are Unix seconds.
func timeTicks(from, to time.Time) plot.ConstantTicks {
	if to.Sub(from) <= 36*time.Hour {
		return hourTicks(from, to)
	}
	const most = 8
	days := int(math.Ceil(to.Sub(from).Hours() / 24))
	every, layout := 1, "Mon 2"
	if days > most {
		every, layout = 7*((days+7*most-1)/(7*most)), "2 Jan"
	}
	year, month, day := from.Date()
	var ticks plot.ConstantTicks
	for i := 0; ; i += every {
		at := time.Date(year, month, day+i, 0, 0, 0, 0, from.Location())
		if !at.Before(to) {
			return ticks
		}
		if !at.Before(from) {
			ticks = append(ticks, plot.Tick{Value: seconds(at), Label: at.Format(layout)})
		}
	}
}

func hourTicks(from, to time.Time) plot.ConstantTicks {
	step := 6 * time.Hour
	if to.Sub(from) <= 8*time.Hour {
		step = time.Hour
	}
	year, month, day := from.Date()
	var ticks plot.ConstantTicks
	for at := time.Date(year, month, day, 0, 0, 0, 0, from.Location()); at.Before(to); at = at.Add(step) {
		if !at.Before(from) {
			ticks = append(ticks, plot.Tick{Value: seconds(at), Label: at.Format("15:04")})
		}
	}
	return ticks
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
