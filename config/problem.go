package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Problem is one mistake in a configuration: where it is, what is wrong, and what to do about it.
type Problem struct {
	File   string
	Line   int    // 0: the file as a whole
	Path   string // such as sources[1].selector; empty for the file as a whole
	What   string
	Remedy string
}

// Error returns `file:line: path: what is wrong; what to do`.
func (p Problem) Error() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Path != "" {
		where += ": " + p.Path
	}
	return where + ": " + p.What + "; " + p.Remedy
}

// Problems returns the problems that err joins, or nil when it is another kind of error.
func Problems(err error) []Problem {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var problems []Problem
	for _, e := range joined.Unwrap() {
		if problem, ok := errors.AsType[Problem](e); ok {
			problems = append(problems, problem)
		}
	}
	return problems
}

// join sorts problems by place and joins them into one error, nil when there are none.
func join(problems []Problem) error {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path))
	})
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
