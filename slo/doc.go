// Package slo holds the arithmetic of service level objectives: error budgets, burn rates, calendar
// and rolling windows, and stretches of time that do not count. It is pure: what happened is passed
// in as a Tally, and time is a parameter. Ratios are 0–1.
package slo
