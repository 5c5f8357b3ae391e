package diagnosis

import "fmt"

// Outcome is the answer to a check's statement. The zero value is CannotTell.
type Outcome uint8

// The outcomes.
const (
	CannotTell  Outcome = iota // the data is missing or does not decide
	Supports                   // the statement holds
	Contradicts                // the statement does not hold
)

// Outcomes lists all outcomes, in the order of the constants.
func Outcomes() []Outcome { return []Outcome{CannotTell, Supports, Contradicts} }

// String returns the name that metrics and JSON carry.
func (o Outcome) String() string {
	switch o {
	case Supports:
		return "supports"
	case Contradicts:
		return "contradicts"
	default:
		return "cannot-tell"
	}
}

// MarshalText writes the name of o.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the name of an outcome.
func (o *Outcome) UnmarshalText(text []byte) error {
	for _, known := range Outcomes() {
		if known.String() == string(text) {
			*o = known
			return nil
		}
	}
	return fmt.Errorf("outcome %q: must be one of cannot-tell, supports, contradicts", text)
}

// Check is one thing that was looked at beside the gap between errors.
type Check struct {
	Name    string   `json:"name"`
	Outcome Outcome  `json:"outcome"`
	Figure  *float64 `json:"figure"` // nil when there is none
	Lower   *float64 `json:"lower"`  // of the 95 % interval, nil when the figure has none
	Upper   *float64 `json:"upper"`
	Unit    string   `json:"unit"` // of the figure: seconds, ratio, count, or empty
	Text    string   `json:"text"` // one sentence that says what was found
}

// Units of figures.
const (
	UnitSeconds = "seconds"
	UnitRatio   = "ratio" // 0–1
	UnitCount   = "count"
)

// Names of the checks.
const (
	CheckDwellTime         = "dwell-time"
	CheckSlowBucket        = "slow-bucket"
	CheckUpstreamSlow      = "upstream-slow"
	CheckTimeoutShare      = "timeout-share"
	CheckConnectTimeouts   = "connect-timeouts"
	CheckCountPairing      = "count-pairing"
	CheckLag5s             = "lag-5s"
	CheckLag10s            = "lag-10s"
	CheckLag15s            = "lag-15s"
	CheckRecoveredLoss     = "recovered-syn-loss"
	CheckAlwaysFails       = "always-fails"
	CheckBrief             = "brief"
	CheckSpread            = "spread"
	CheckPlacement         = "placement"
	CheckPlacementCallers  = "placement-callers"
	CheckGhostPlacement    = "ghost-placement"
	CheckSameNode          = "same-node"
	CheckOneNode           = "one-node"
	CheckThroughNLB        = "through-nlb"
	CheckBehindNLB         = "behind-nlb"
	CheckResponseTimeouts  = "response-timeouts"
	CheckResets            = "resets"
	CheckCapacity          = "capacity"
	CheckDNS               = "dns"
	CheckSlowSuccess       = "slow-success"
	CheckTLS               = "tls"
	CheckTLSErrors         = "tls-errors"
	CheckNLBPortAllocation = "nlb-port-allocation"
	CheckNLBBlocked        = "nlb-blocked"
	CheckNLBUnhealthy      = "nlb-unhealthy"
	CheckNLBResets         = "nlb-resets"
	CheckStatsFlush        = "stats-flush"
	CheckDNSRefresh        = "dns-refresh"
	CheckScrapeComb        = "scrape-comb"
	CheckProbePeriod       = "probe-period"
)

// A statement is what a check is about: what is said when it is supported, and when contradicted.
type statement struct{ name, yes, no string }

// statements lists all checks in the order in which they are shown.
var statements = []statement{
	{CheckDwellTime, "failed connects waited as long as the fingerprint", "failed connects did not wait as long as the fingerprint"},
	{CheckSlowBucket, "errors coincide with requests that took about as long as the timeout", "errors do not coincide with requests that took about as long as the timeout"},
	{CheckUpstreamSlow, "errors coincide with responses that the upstream itself gave after about the timeout", "errors do not coincide with slow responses of the upstream"},
	{CheckTimeoutShare, "failed connects timed out: they were dropped in silence", "failed connects were mostly refused or reset at once"},
	{CheckConnectTimeouts, "Envoy's own connect timeouts account for the errors", "Envoy's own connect timeouts do not account for the errors"},
	{CheckCountPairing, "errors come in twos", "errors do not come in twos"},
	{CheckLag5s, "the time is that of a 5 s timeout", "the time is not that of a 5 s timeout"},
	{CheckLag10s, "the time is that of a 10 s timeout", "the time is not that of a 10 s timeout"},
	{CheckLag15s, "the time is that of a 15 s timeout", "the time is not that of a 15 s timeout"},
	{CheckRecoveredLoss, "connects recover after 1–5 s: packets are lost at random", "connects that lose their first packet never recover: the loss is not random"},
	{CheckAlwaysFails, "every connect to the failing endpoints fails", "most connects to the failing endpoints succeed"},
	{CheckBrief, "the errors were one short incident", "the errors go on"},
	{CheckSpread, "routes that have nothing in common are affected", "only one of many routes is affected"},
	{CheckPlacement, "proxies and upstream pods can meet on a node", "no proxy shares a node with an upstream pod"},
	{CheckPlacementCallers, "callers and proxies can meet on a node", "no caller shares a node with a proxy"},
	{CheckGhostPlacement, "the affected routes are those whose pods can meet on a node", "the affected routes are not those whose pods can meet on a node"},
	{CheckSameNode, "connects fail where both ends are on one node", "connects fail also where the ends are on different nodes"},
	{CheckOneNode, "the failures are those of one node", "the failures are spread over nodes"},
	{CheckThroughNLB, "the route reaches its upstream through a load balancer", "the route reaches its upstream pods directly"},
	{CheckBehindNLB, "callers reach Envoy through a load balancer", "callers reach Envoy directly"},
	{CheckResponseTimeouts, "responses that came too late account for the errors", "responses that came too late do not account for the errors"},
	{CheckResets, "connections that the upstream closed under a request account for the errors", "connections that the upstream closed do not account for the errors"},
	{CheckCapacity, "full queues and circuit breakers account for the errors", "full queues and circuit breakers do not account for the errors"},
	{CheckDNS, "name lookups fail, and requests for want of them", "name lookups are not why requests fail"},
	{CheckSlowSuccess, "most of the requests that take about the timeout succeed", "the requests that take about the timeout fail"},
	{CheckTLS, "the upstream speaks TLS, whose handshake is part of the connect timeout", "the upstream does not speak TLS"},
	{CheckTLSErrors, "TLS handshakes fail about as often as requests do", "TLS handshakes do not fail"},
	{CheckNLBPortAllocation, "the load balancer ran out of ports", "the load balancer had ports to spare"},
	{CheckNLBBlocked, "the load balancer's security groups blocked flows", "the load balancer's security groups blocked nothing"},
	{CheckNLBUnhealthy, "the load balancer saw unhealthy targets", "the load balancer saw all targets healthy"},
	{CheckNLBResets, "the load balancer sent resets when the errors happened", "the load balancer sent no more resets than at other times"},
	{CheckStatsFlush, "the counter itself is copied on a clock, so that its times are not those of the errors", "the counter is not copied on a clock"},
	{CheckDNSRefresh, "the lag is the period of DNS refreshes, and refreshes fail", "DNS refreshes do not explain the lag"},
	{CheckScrapeComb, "irregular scrapes can make the lag", "the scrapes cannot make the lag"},
	{CheckProbePeriod, "errors recur at a fixed period, as probes do", "errors do not recur at a fixed period"},
}

// CheckNames lists the names of all checks in the order in which they are shown.
func CheckNames() []string {
	names := make([]string, len(statements))
	for i, s := range statements {
		names[i] = s.name
	}
	return names
}

// check makes a check from its outcome. Detail is what the outcome rests on, or why there is none.
func check(name string, outcome Outcome, detail string) Check {
	c := Check{Name: name, Outcome: outcome}
	for _, s := range statements {
		if s.name != name {
			continue
		}
		switch outcome {
		case Supports:
			c.Text = s.yes + ": " + detail
		case Contradicts:
			c.Text = s.no + ": " + detail
		default:
			c.Text = "cannot tell whether " + s.yes + ": " + detail
		}
	}
	return c
}

func (c Check) figure(unit string, value float64) Check {
	c.Unit, c.Figure = unit, &value
	return c
}

func (c Check) interval(unit string, value, lower, upper float64) Check {
	c = c.figure(unit, value)
	c.Lower, c.Upper = &lower, &upper
	return c
}

func (c Check) share(s Share) Check { return c.interval(UnitRatio, s.Estimate, s.Lower, s.Upper) }

// missing is a check whose input is not there.
func missing(name, what string) Check { return check(name, CannotTell, what+" is not known") }
