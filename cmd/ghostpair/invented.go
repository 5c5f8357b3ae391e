package main

import (
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/ghostpair/ghostpair/simulate"
)

// invented is what goes wrong on a route in a simulation, for the commands that simulate.
type invented struct {
	targets       int
	background    string
	errorsPerHour float64
	pairsPerHour  float64
	across        bool
}

func (i *invented) flags(cmd *kingpin.CmdClause, targets, pairsPerHour string) {
	cmd.Flag("targets", "Pods that serve a route, each scraped at a phase of its own.").Default(targets).IntVar(&i.targets)
	cmd.Flag("background", "How errors other than pairs come: none, poisson (steady), bursty, diurnal, or periodic (a probe every 5 s that fails now and then).").Default("poisson").EnumVar(&i.background, simulate.Backgrounds()...)
	cmd.Flag("errors-per-hour", "Errors other than pairs on a route, over all targets.").Default("20").Float64Var(&i.errorsPerHour)
	cmd.Flag("pairs-per-hour", "Pairs of errors on a route that has them.").Default(pairsPerHour).Float64Var(&i.pairsPerHour)
	cmd.Flag("across-targets", "The errors of a pair hit a target at random each, not both the same one.").BoolVar(&i.across)
}

// check says what of it cannot be played, with so many targets at the most.
func (i *invented) check(mostTargets int) []error {
	var problems []error
	if i.targets < 1 || i.targets > mostTargets {
		problems = append(problems, fmt.Errorf("--targets %d must be between 1 and %d", i.targets, mostTargets))
	}
	for _, rate := range []struct {
		flag    string
		perHour float64
	}{{"--errors-per-hour", i.errorsPerHour}, {"--pairs-per-hour", i.pairsPerHour}} {
		if !(rate.perHour >= 0 && rate.perHour <= 1e5) { // NaN is none, either
			problems = append(problems, fmt.Errorf("%s %g must be between 0 and 100000", rate.flag, rate.perHour))
		}
	}
	return problems
}

// others are the errors other than pairs.
func (i *invented) others() []simulate.Process {
	processes, _ := simulate.Background(i.background, i.errorsPerHour) // the flag allows no other
	return processes
}
