package diagnosis

import (
	"cmp"
	"slices"
)

// decisive tells whether a prediction that came true suffices to name the cause. Without one a cause
// is not named, however many common signs fit it: they fit everything.
func (p Prediction) decisive() bool { return p.For >= 3 || p.Essential && p.For >= 2 }

// Ranked is one cause with what speaks for and against it.
type Ranked struct {
	Cause         string   `json:"cause"`
	Title         string   `json:"title"`
	First         string   `json:"first_step"`
	Reference     string   `json:"reference"`
	Score         int      `json:"score"`
	Supporting    []string `json:"supporting"`    // checks that came out as predicted and say something
	Contradicting []string `json:"contradicting"` // checks that came out otherwise
	Missing       []string `json:"missing"`       // essential checks that could not tell
	RuledOut      bool     `json:"ruled_out"`     // an essential prediction is contradicted
	Named         bool     `json:"named"`         // not ruled out, and something speaks for it that few causes predict
	Tied          bool     `json:"tied"`          // named, and another named cause has the same score
}

// Rank orders the causes of the catalogue by how well they predict the checks: named causes first, by
// score, and those that are ruled out last. Ties keep the catalogue's order and are marked.
func Rank(checks []Check) []Ranked { return rank(Catalogue(), checks) }

func rank(catalogue []Cause, checks []Check) []Ranked {
	outcomes := make(map[string]Outcome, len(checks))
	for _, c := range checks {
		outcomes[c.Name] = c.Outcome
	}
	ranked := make([]Ranked, 0, len(catalogue))
	for _, c := range catalogue {
		ranked = append(ranked, judge(c, outcomes))
	}
	slices.SortStableFunc(ranked, func(x, y Ranked) int {
		return cmp.Or(-cmp.Compare(x.tier(), y.tier()), -cmp.Compare(x.Score, y.Score))
	})
	for i := range ranked {
		for j := range ranked {
			if i != j && ranked[i].Named && ranked[j].Named && ranked[i].Score == ranked[j].Score {
				ranked[i].Tied = true
			}
		}
	}
	return ranked
}

func judge(c Cause, outcomes map[string]Outcome) Ranked {
	r := Ranked{Cause: c.Name, Title: c.Title, First: c.First, Reference: c.Reference, Supporting: []string{}, Contradicting: []string{}, Missing: []string{}}
	strong := false
	for _, p := range c.Predicts {
		switch outcome := outcomes[p.Check]; {
		case outcome == p.Expect:
			if p.For > 0 {
				r.Score += p.For
				r.Supporting = append(r.Supporting, p.Check)
			}
			strong = strong || p.decisive()
		case outcome != CannotTell:
			r.Score -= p.Against
			r.RuledOut = r.RuledOut || p.Essential
			r.Contradicting = append(r.Contradicting, p.Check)
		case p.Essential:
			r.Missing = append(r.Missing, p.Check)
		}
	}
	r.Named = strong && r.Score > 0 && !r.RuledOut
	return r
}

// tier is 2 for causes that are named, 0 for those ruled out.
func (r Ranked) tier() int {
	switch {
	case r.Named:
		return 2
	case r.RuledOut:
		return 0
	}
	return 1
}

// Leading returns the causes that fit best: none when the data carries no claim, several when they
// fit equally well.
func Leading(ranked []Ranked) []Ranked {
	n := 0
	for n < len(ranked) && ranked[n].Named && ranked[n].Score == ranked[0].Score {
		n++
	}
	return ranked[:n]
}
