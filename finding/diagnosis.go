package finding

// Check is one thing that was looked at beside the gap between errors.
type Check struct {
	Name    string   `json:"name"`
	Outcome string   `json:"outcome"` // supports, contradicts, or cannot-tell
	Figure  *float64 `json:"figure"`  // null when there is none
	Lower   *float64 `json:"lower"`   // of the 95 % interval
	Upper   *float64 `json:"upper"`
	Unit    string   `json:"unit"` // of the figure: seconds, ratio, count, or empty
	Text    string   `json:"text"` // one sentence that says what was found
}

// Cause is what may have made the errors.
type Cause struct {
	Name          string   `json:"name"`
	Title         string   `json:"title"`
	FirstStep     string   `json:"first_step"`
	Reference     string   `json:"reference"`
	Score         int      `json:"score"`
	Tied          bool     `json:"tied"`          // another cause fits as well
	Supporting    []string `json:"supporting"`    // checks that came out as the cause predicts
	Contradicting []string `json:"contradicting"` // checks that came out otherwise
}
