package diagnosis

// Names of the checks.
const (
	CheckDwellTime  = "dwell-time"
	CheckSlowBucket = "slow-bucket"
)
