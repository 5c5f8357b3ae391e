package diagnosis

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestCatalogueIsConsistent(t *testing.T) {
	t.Parallel()
	names := CheckNames()
	seen, predicted := map[string]bool{}, map[string]bool{}
	for _, c := range Catalogue() {
		if seen[c.Name] || c.Title == "" || c.First == "" || !strings.HasPrefix(c.Reference, "https://") {
			t.Errorf("%s: named twice, or incomplete", c.Name)
		}
		seen[c.Name] = true
		decisive, once := false, map[string]bool{}
		for _, x := range c.Predicts {
			if !slices.Contains(names, x.Check) || x.Expect == CannotTell || x.For < 0 || x.Against < 0 || once[x.Check] {
				t.Errorf("%s: prediction %+v", c.Name, x)
			}
			once[x.Check], predicted[x.Check] = true, true
			decisive = decisive || x.decisive()
		}
		if !decisive {
			t.Errorf("%s can never be named", c.Name)
		}
	}
	for _, name := range names {
		if !predicted[name] && name != CheckCountPairing && name != CheckLag5s { // for display
			t.Errorf("no cause predicts %s", name)
		}
	}
}

func TestChecksAreAllThereInOrder(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		var names []string
		for _, c := range Checks(s.o) {
			names = append(names, c.Name)
			if c.Text == "" || (c.Figure == nil) != (c.Unit == "") {
				t.Errorf("%s: %+v", s.name, c)
			}
		}
		if !slices.Equal(names, CheckNames()) {
			t.Fatalf("%s: %v, want %v", s.name, names, CheckNames())
		}
	}
	for _, c := range Checks(Observations{}) {
		if c.Outcome != CannotTell || c.Figure != nil {
			t.Errorf("of nothing: %+v", c)
		}
	}
}

func TestOutcomeText(t *testing.T) {
	t.Parallel()
	for _, c := range Checks(base()) {
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Check
		if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("%s: %+v, %v", data, back, err)
		}
	}
	var o Outcome
	if err := o.UnmarshalText([]byte("perhaps")); err == nil {
		t.Error("unknown outcome accepted")
	}
}

func randomChecks(rng *rand.Rand) []Check {
	var checks []Check
	for _, name := range CheckNames() {
		checks = append(checks, Check{Name: name, Outcome: Outcome(rng.IntN(3))})
	}
	return checks
}

// Whatever the checks say: all causes are ranked once, in whatever order the checks come; a cause
// that is ruled out or that nothing speaks for is never first; equal scores are called ties.
func TestRankIsHonest(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 1))
	for range 2000 {
		checks := randomChecks(rng)
		ranked := Rank(checks)
		shuffled := slices.Clone(checks)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if !reflect.DeepEqual(ranked, Rank(shuffled)) || len(ranked) != len(Catalogue()) {
			t.Fatal("the order of the checks matters, or a cause is missing")
		}
		lead := Leading(ranked)
		for _, r := range lead {
			if r.RuledOut || !r.Named || r.Score <= 0 || len(r.Supporting) == 0 || r.Tied != (len(lead) > 1) {
				t.Fatalf("leading: %+v of %d", r, len(lead))
			}
		}
		for i, r := range ranked[1:] {
			if before := ranked[i]; r.Named && (!before.Named || before.Score < r.Score) || before.RuledOut && !r.RuledOut {
				t.Fatalf("%+v before %+v", before, r)
			}
		}
	}
}

// To learn that a prediction of a cause came true never lowers its score; to learn the opposite
// never raises it.
func TestScoresAreMonotone(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 2))
	score := func(checks []Check, cause string) int {
		for _, r := range Rank(checks) {
			if r.Cause == cause {
				return r.Score
			}
		}
		return 0
	}
	for range 300 {
		cause := Catalogue()[rng.IntN(len(Catalogue()))]
		x := cause.Predicts[rng.IntN(len(cause.Predicts))]
		checks := randomChecks(rng)
		i := slices.Index(CheckNames(), x.Check)
		var scores [3]int
		for outcome := range scores {
			checks[i].Outcome = Outcome(outcome)
			scores[outcome] = score(checks, cause.Name)
		}
		if opposite := Supports + Contradicts - x.Expect; scores[opposite] > scores[CannotTell] || scores[CannotTell] > scores[x.Expect] {
			t.Fatalf("%s, %+v: %v", cause.Name, x, scores)
		}
	}
}

// Taking away an input never makes a check say something new.
func TestLessInputSaysLess(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		full := Checks(s.o)
		for i := range reflect.TypeFor[Observations]().NumField() {
			o := s.o
			field := reflect.ValueOf(&o).Elem().Field(i)
			if field.Type() == reflect.TypeFor[Evidence]() || field.Type().Name() == "Fingerprint" {
				continue
			}
			name := reflect.TypeFor[Observations]().Field(i).Name
			field.SetZero()
			for k, c := range Checks(o) {
				// Without a lag of pairs, the wait of failed connects stands in for it.
				if c.Outcome != CannotTell && c.Outcome != full[k].Outcome && name != "Lag" && !(name == "Connects" && c.Name == CheckTimeoutShare) {
					t.Errorf("%s without %s: %s %v, with it %v", s.name, name, c.Name, c.Outcome, full[k].Outcome)
				}
			}
		}
	}
}
