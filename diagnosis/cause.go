package diagnosis

// Names of the causes.
const (
	CauseHairpinBehind     = "hairpin-behind-nlb"
	CauseHairpinBefore     = "hairpin-before-nlb"
	CauseBlocked           = "blocked"
	CauseDeadNode          = "dead-node"
	CauseConnectTimeout10s = "connect-timeout-10s"
	CauseRouteTimeout      = "route-timeout"
	CauseDNS               = "dns-5s"
	CauseStaleKeepAlive    = "stale-keep-alive"
	CauseCapacity          = "capacity"
	CauseTLSStall          = "tls-stall"
	CauseProbes            = "periodic-probe"
	CausePortAllocation    = "nlb-port-allocation"
	CausePacketLoss        = "packet-loss"
	CauseRefused           = "refused"
	CauseMeasurement       = "measurement"
)

// Cause is an entry of the catalogue: what can make errors, what it predicts, and what to do.
type Cause struct {
	Name      string
	Title     string
	First     string // the first step
	Reference string // address of what explains it
	Predicts  []Prediction
}

// Prediction is what a cause expects of one check.
type Prediction struct {
	Check   string
	Expect  Outcome // Supports or Contradicts
	For     int     // points when it comes true: 3 when hardly anything else predicts it, 1 when many causes do, 0 when it is common anyway
	Against int     // points lost when the opposite is seen
	// Essential means that the cause is impossible, or not at work, when the opposite is seen.
	Essential bool
}

// Shorthands that keep the catalogue readable. Must: impossible otherwise; likely: the rule, with
// exceptions; hint: a weak sign; ifNot: says nothing when true.
func must(check string, expect Outcome, points int) Prediction {
	return Prediction{Check: check, Expect: expect, For: points, Essential: true}
}

func likely(check string, expect Outcome) Prediction {
	return Prediction{Check: check, Expect: expect, For: 2, Against: 2}
}

func hint(check string, expect Outcome) Prediction {
	return Prediction{Check: check, Expect: expect, For: 1, Against: 1}
}

func ifNot(check string, expect Outcome, against int) Prediction {
	return Prediction{Check: check, Expect: expect, Against: against}
}
