package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// table prints the medians of the contenders, and their ratios to the first one. Contenders that ran in
// every round are compared round by round, so that what else the machine did cancels out.
func table(out io.Writer, all []*contender) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\twall\t\tclient CPU\tserver CPU\tboth\t\tpeak memory\t\trounds\t")
	first := all[0]
	for _, c := range all {
		if c.failure != nil || len(c.costs) == 0 {
			fmt.Fprintf(w, "%s\tfailed: %v\t\n", c.name, c.failure)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t×%s\t%s\t%s\t%s\t×%s\t%s\t×%s\t%d\t\n", c.name,
			seconds(median(c.costs, wall)), ratio(c, first, wall),
			seconds(median(c.costs, clientCPU)), seconds(median(c.costs, serverCPU)),
			seconds(median(c.costs, bothCPU)), ratio(c, first, bothCPU),
			megabytes(int64(median(c.costs, peak))), ratio(c, first, peak), len(c.costs))
	}
	return w.Flush()
}

// Quantities of a cost.
func wall(c cost) float64      { return float64(c.wall) }
func clientCPU(c cost) float64 { return float64(c.clientCPU) }
func serverCPU(c cost) float64 { return float64(c.serverCPU) }
func bothCPU(c cost) float64   { return float64(c.cpu()) }
func peak(c cost) float64      { return float64(c.peakBytes) }

func median(costs []cost, of func(cost) float64) float64 {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	return middle(values)
}

// ratio is the median of the ratios of the rounds.
func ratio(c, first *contender, of func(cost) float64) string {
	n := min(len(c.costs), len(first.costs))
	values := make([]float64, n)
	for i := range n {
		values[i] = of(c.costs[i]) / of(first.costs[i])
	}
	if r := middle(values); r < 10 {
		return fmt.Sprintf("%.2f", r)
	}
	return fmt.Sprintf("%.0f", middle(values))
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func seconds(nanos float64) string {
	return fmt.Sprintf("%.3f s", time.Duration(nanos).Seconds())
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
