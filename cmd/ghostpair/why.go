package main

import (
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis/explain"
	"github.com/ghostpair/ghostpair/finding"
)

const (
	shownSteps = 3 // tied causes whose first step is shown
	shownOpen  = 3 // things that are not known and would settle it
)

// why prints what is known about the cause of a finding, in short. A cause is described where it is
// named first, and only named after that.
func (p *printer) why(f *finding.Finding) {
	explained := f.Verdict == finding.Paired || f.Verdict == finding.Suspected || len(f.Causes) > 0
	if !explained || f.Route == finding.PooledRoute { // the pool has routes behind it, and no cause of its own
		return
	}
	e := explain.Of(f)
	p.causes(&e)
	p.open(&e)
	if len(e.Leading) == 0 {
		p.unclaimed = true
	}
	p.hang(6, "supported: ", explain.Brief(e.Supported))
	p.hang(6, "contradicted: ", explain.Brief(e.Contradicted))
	p.hang(6, "cannot tell: ", explain.Brief(e.CannotTell))
	p.explainable = p.explainable || e.Looked()
}

// causes prints the causes that fit best, with what to do first.
func (p *printer) causes(e *explain.Explanation) {
	if !e.Tied() {
		p.line(6, e.Claim()+ofCauses(e.Leading))
		for i := range e.Leading {
			p.firstStep(8, &e.Leading[i])
		}
		return
	}
	p.line(6, e.Claim()+":")
	for i := range e.Leading {
		c := &e.Leading[i]
		if p.told[c.Name] {
			p.hang(8, "- ", c.Name+" (as above)")
			continue
		}
		p.hang(8, "- ", c.Title+" ("+c.Name+")")
		if i < shownSteps {
			p.firstStep(10, c)
		}
	}
}

func (p *printer) firstStep(indent int, c *finding.Cause) {
	if p.told[c.Name] {
		p.line(indent, "First step: as above.")
		return
	}
	p.told[c.Name] = true
	p.hang(indent, "First step: ", c.FirstStep)
}

// ofCauses names the only cause behind its description.
func ofCauses(causes []finding.Cause) string {
	if len(causes) != 1 {
		return "."
	}
	return " (" + causes[0].Name + ")."
}

// open prints the first of what is not known and would settle it.
func (p *printer) open(e *explain.Explanation) {
	var all []string
	for _, o := range e.Open[:min(shownOpen, len(e.Open))] {
		all = append(all, o.String())
	}
	text := strings.Join(all, "; ")
	if more := len(e.Open) - shownOpen; more > 0 {
		text += "; and " + plural(more, "other")
	}
	if text != "" {
		p.hang(6, e.Settles()+": ", text+".")
	}
}

// hang prints a text behind its head, with the lines after the first below the text. An empty text is
// not printed.
func (p *printer) hang(indent int, head, text string) {
	if text == "" {
		return
	}
	left := strings.Repeat(" ", indent) + head
	blank := strings.Repeat(" ", min(len(left), indent+4)) // a long head would leave no room
	lines := fold(head+text, p.width-indent)
	if len(lines) > 1 {
		first := lines[0]
		lines = append([]string{first}, fold(strings.TrimPrefix(strings.Join(strings.Fields(head+text), " "), first), p.width-len(blank))...)
	}
	for i, folded := range lines {
		if left = blank; i == 0 {
			left = strings.Repeat(" ", indent)
		}
		p.printf("%s%s\n", left, folded)
	}
}

// hints say where to read on, after findings with causes.
func (p *printer) hints() {
	if p.explainable {
		p.line(0, "--explain=ROUTE shows what each check found, and what speaks for and against each cause; docs/diagnosis.md says what they mean.")
	}
	if p.unclaimed {
		p.line(0, "ghostpair doctor says which of the series that a cause needs are missing here, and how to get them.")
	}
}

// why prints everything that is known about the cause of a finding.
func (x *explanation) why(p *printer, f *finding.Finding) {
	if f.Route == finding.PooledRoute {
		return
	}
	e := explain.Of(f)
	if !e.Looked() && f.Verdict != finding.Paired && f.Verdict != finding.Suspected {
		return
	}
	if len(e.Leading) == 1 {
		p.line(2, "Likely cause:")
	} else {
		p.line(2, e.Claim()+".")
	}
	for _, c := range slices.Concat(e.Leading, e.Behind) {
		x.cause(p, &c)
	}
	if len(e.Open) > 0 {
		p.line(2, e.Settles()+":")
	}
	for _, o := range e.Open {
		p.hang(4, "- ", o.String())
	}
	x.checks(p, "Supported:", e.Supported)
	x.checks(p, "Contradicted:", e.Contradicted)
	x.checks(p, "Cannot be told:", e.CannotTell)
	p.explainable = false
	p.unclaimed = p.unclaimed || len(e.Leading) == 0
}

// cause prints a cause with all that speaks for and against it.
func (x *explanation) cause(p *printer, c *finding.Cause) {
	tied := ""
	if c.Tied {
		tied = ", tied"
	}
	p.hang(4, "- ", c.Title+" ("+c.Name+", "+plural(c.Score, "point")+tied+")")
	p.hang(6, "for it: ", strings.Join(c.Supporting, ", "))
	p.hang(6, "against it: ", strings.Join(c.Contradicting, ", "))
	p.hang(6, "first step: ", c.FirstStep)
	p.line(6, c.Reference)
}

// checks prints the sentences of checks under a title.
func (x *explanation) checks(p *printer, title string, checks []finding.Check) {
	if len(checks) == 0 {
		return
	}
	p.line(2, title)
	for _, c := range checks {
		text := c.Text
		figure := explain.Figure(c)
		if estimate, _, _ := strings.Cut(figure, " ("); !strings.Contains(text, estimate) {
			text += "; " + figure
		}
		p.hang(6, c.Name+": ", text)
	}
}
