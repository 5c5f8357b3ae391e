package mixture

import "math"

// Tolerances of the active-set method.
const (
	dualTolerance = 1e-14 // gain per unit of weight below which a component is not worth adding
	independence  = 1e-13 // of a component from those in use, relative to its squared length
)

// quadratic minimises ½|Σ x_j rows_j|² - target·x over x >= 0 by the active-set method of Lawson and
// Hanson ("Solving least squares problems", 1974, chapter 23), in the form of Bro and De Jong (1997):
// only products of rows are needed, and a good guess of the active set saves most of the work.
type quadratic struct {
	rows     [][]float64
	target   []float64
	x        []float64
	passive  []int       // components that may be positive
	factor   [][]float64 // row i: row i of the Cholesky factor of their products
	blocked  []bool      // components that cannot be added now
	residual []float64
	solution []float64
}

// minimise starts at x, of which only the support matters, and leaves the solution there.
func (q *quadratic) minimise(rows [][]float64, target, x []float64) {
	q.rows, q.target, q.x = rows, target, x
	q.residual = vector(q.residual, len(rows[0]))
	if cap(q.blocked) < len(rows) {
		q.blocked = make([]bool, len(rows))
	}
	q.blocked = q.blocked[:len(rows)]
	clear(q.blocked)
	q.restart()
	for range 3*len(rows) + 10 {
		j := q.steepest()
		if j < 0 {
			return
		}
		if !q.add(j) {
			q.blocked[j] = true
			continue
		}
		q.descend()
		if x[j] == 0 {
			q.blocked[j] = true // pushed out at once: its gain was rounding
		} else {
			clear(q.blocked)
		}
	}
}

// restart makes the support of x the passive set, as far as it is independent.
func (q *quadratic) restart() {
	q.passive = q.passive[:0]
	for j, v := range q.x {
		if v > 0 && !q.add(j) {
			q.x[j] = 0
		}
	}
	q.descend()
}

// steepest returns the component outside of the passive set whose weight is most worth raising,
// -1 when there is none: x is optimal then.
func (q *quadratic) steepest() int {
	clear(q.residual)
	for _, j := range q.passive {
		for k, v := range q.rows[j] {
			q.residual[k] += q.x[j] * v
		}
		q.blocked[j] = true
	}
	best, gain := -1, dualTolerance
	for j, row := range q.rows {
		if q.blocked[j] {
			continue
		}
		if g := q.target[j] - dot(row, q.residual); g > gain {
			best, gain = j, g
		}
	}
	for _, j := range q.passive {
		q.blocked[j] = false
	}
	return best
}

// add appends component j to the passive set and its factor, unless it depends on those there.
func (q *quadratic) add(j int) bool {
	n := len(q.passive)
	for len(q.factor) <= n {
		q.factor = append(q.factor, nil)
	}
	row := vector(q.factor[n], n+1)
	q.factor[n] = row
	square := dot(q.rows[j], q.rows[j])
	pivot := square
	for i, other := range q.passive {
		v := dot(q.rows[j], q.rows[other])
		for l := range i {
			v -= row[l] * q.factor[i][l]
		}
		row[i] = v / q.factor[i][i]
		pivot -= row[i] * row[i]
	}
	if pivot <= independence*square {
		return false
	}
	row[n] = math.Sqrt(pivot)
	q.passive = append(q.passive, j)
	return true
}

// descend moves x to the minimum over the passive set, dropping the components that would turn
// negative on the way.
func (q *quadratic) descend() {
	for len(q.passive) > 0 {
		q.solve()
		t, negative := 1.0, false
		for i, j := range q.passive {
			if z := q.solution[i]; z <= 0 {
				negative = true
				t = min(t, q.x[j]/(q.x[j]-z))
			}
		}
		for i, j := range q.passive {
			if !negative {
				q.x[j] = q.solution[i]
				continue
			}
			q.x[j] += t * (q.solution[i] - q.x[j])
			if q.solution[i] <= 0 && q.x[j] <= 1e-15 {
				q.x[j] = 0
			}
		}
		if !negative {
			return
		}
		q.drop()
	}
}

// drop takes the components with weight 0 out of the passive set.
func (q *quadratic) drop() {
	old := append([]int(nil), q.passive...)
	q.passive = q.passive[:0]
	for _, j := range old {
		if q.x[j] > 0 && !q.add(j) {
			q.x[j] = 0
		}
	}
}

// solve computes the minimum over the passive set, signs left free, by its Cholesky factor.
func (q *quadratic) solve() {
	n := len(q.passive)
	q.solution = vector(q.solution, n)
	for i, j := range q.passive {
		v := q.target[j]
		for l := range i {
			v -= q.factor[i][l] * q.solution[l]
		}
		q.solution[i] = v / q.factor[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		v := q.solution[i]
		for l := i + 1; l < n; l++ {
			v -= q.factor[l][i] * q.solution[l]
		}
		q.solution[i] = v / q.factor[i][i]
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
