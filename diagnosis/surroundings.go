package diagnosis

// Question asks what is around routes over (FromMillis, AtMillis].
type Question struct {
	Routes               []RouteQuestion
	FromMillis, AtMillis int64 // Unix milliseconds
}

// RouteQuestion is one route that needs an explanation.
type RouteQuestion struct {
	Route        string
	ErrorMinutes []int64 // minutes since 1970, UTC, in which the route had errors, sorted
}

// Surroundings is what is around one route: where both ends of its connections run, and what stands
// between them. What is nil is not known.
type Surroundings struct {
	ThroughNLB, BehindNLB *bool
	Upstream, Callers     *Meeting
	SameNode              *SameNode
	FailuresByNode        []int64

	EndpointAttempts, EndpointFailures *int64 // see ConnectCounts

	NLB NLBCounts

	// Unknown says why a check cannot tell, by its name, where that is worth saying.
	Unknown map[string]string
	// Warnings are what was wrong with the data.
	Warnings []string
}

// AddTo adds what is known to the observations of the route.
func (s *Surroundings) AddTo(o *Observations) {
	o.ThroughNLB, o.BehindNLB = s.ThroughNLB, s.BehindNLB
	o.Upstream, o.Callers = s.Upstream, s.Callers
	o.SameNode, o.FailuresByNode = s.SameNode, s.FailuresByNode
	o.Connects.EndpointAttempts, o.Connects.EndpointFailures = s.EndpointAttempts, s.EndpointFailures
	o.NLB, o.Unknown = s.NLB, s.Unknown
}

// explainUnknown replaces the text of checks that cannot tell where more is known about why.
func explainUnknown(checks []Check, unknown map[string]string) []Check {
	for i, c := range checks {
		if why := unknown[c.Name]; why != "" && c.Outcome == CannotTell && c.Figure == nil {
			checks[i] = check(c.Name, CannotTell, why)
		}
	}
	return checks
}
