package slo

import "time"

// BurnAlert is one row of multi-window, multi-burn-rate alerting: it fires while the budget burns at
// Rate or faster over both windows.
type BurnAlert struct {
	Name        string
	Long, Short time.Duration
	Rate        float64 // for a budget over 30 days
	Page        bool    // else a ticket
}

// budgetPeriod is the window that the rates of the workbook are meant for.
const budgetPeriod = 30 * 24 * time.Hour

// BurnAlerts returns the rows that the Site Reliability Workbook recommends (chapter 5, table 5-8):
// 2 % of a 30-day budget in one hour, 5 % in six hours, 10 % in a day and in three days.
func BurnAlerts() []BurnAlert {
	return []BurnAlert{
		{"fast", time.Hour, 5 * time.Minute, 14.4, true},
		{"slow", 6 * time.Hour, 30 * time.Minute, 6, true},
		{"day", 24 * time.Hour, 2 * time.Hour, 3, false},
		{"three days", 72 * time.Hour, 6 * time.Hour, 1, false},
	}
}

// RateFor returns the burn rate of a that spends the same share of a budget over window in the same
// time: a shorter budget window lowers it.
func (a BurnAlert) RateFor(window time.Duration) float64 {
	return a.Rate * window.Hours() / budgetPeriod.Hours()
}

// Fires tells whether a fires on the tallies of its long and its short window.
func (a BurnAlert) Fires(o Objective, long, short Tally) bool {
	rate := a.RateFor(o.Window)
	inLong, okLong := o.BurnRate(long)
	inShort, okShort := o.BurnRate(short)
	return okLong && okShort && inLong >= rate && inShort >= rate
}
