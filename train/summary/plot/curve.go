package plot

import (
	"math"
	"strings"

	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/history"
)

// Curve is a line through points, from left to right as they come. A point whose y cannot be drawn (NaN, infinite,
// beyond ±1e150, or not above 0 on a logarithmic axis) is a gap in it.
type Curve struct {
	Label string
	X, Y  []float64 // of one length
}

// Curves returns the curves of a run that have these names, over the steps since the very start; those without a point
// are left out. The label of each is label and the name, or the name alone if label is empty. The names are
//
//	loss, rate, samples/s            of steps
//	NAME                             of a step's further values
//	train/NAME, test/NAME            of epochs and evaluations
//
// Without names they are loss, train/loss and test/loss.
func Curves(label string, r *history.Run, names ...string) []Curve {
	if len(names) == 0 {
		names = []string{"loss", "train/loss", "test/loss"}
	}
	var curves []Curve
	for _, name := range names {
		c := Curve{Label: strings.TrimSpace(label + " " + name)}
		c.points(r, name)
		if len(c.X) > 0 {
			curves = append(curves, c)
		}
	}
	return curves
}

func (c *Curve) add(x int, y float64) { c.X, c.Y = append(c.X, float64(x)), append(c.Y, y) }

// pick adds the value of that name, if it is among them.
func (c *Curve) pick(x int, values []summary.Value, name string) {
	for _, v := range values {
		if v.Name == name {
			c.add(x, v.Value)
			return
		}
	}
}

func (c *Curve) points(r *history.Run, name string) {
	set, of, found := strings.Cut(name, "/")
	switch {
	case name == "samples/s":
		for _, s := range r.Steps {
			if s.Elapsed > 0 {
				c.add(s.Global, float64(s.Samples)/s.Elapsed.Seconds())
			}
		}
	case found && set == "train":
		for _, e := range r.Epochs {
			c.pick(e.Global, e.Train, of)
		}
	case found && set == "test": // evaluations and epochs, in the order of their steps
		within := r.Evaluations
		for _, e := range r.Epochs {
			for len(within) > 0 && within[0].Global <= e.Global {
				c.pick(within[0].Global, within[0].Test, of)
				within = within[1:]
			}
			c.pick(e.Global, e.Test, of)
		}
		for _, e := range within {
			c.pick(e.Global, e.Test, of)
		}
	default:
		for _, s := range r.Steps {
			switch name {
			case "loss":
				c.add(s.Global, s.Loss)
			case "rate":
				c.add(s.Global, s.Rate)
			default:
				c.pick(s.Global, s.Values, name)
			}
		}
	}
}

// smooth returns c with each y an average of those before, weighted by factor for each point that lies between: TensorBoard's
// smoothing, an exponential average that is divided by the weights it has had. What cannot be drawn stays as it is, and
// counts nothing.
func (c Curve) smooth(factor float64) Curve {
	out := Curve{Label: c.Label, X: c.X, Y: make([]float64, len(c.Y))}
	sum, weight := 0.0, 0.0
	for i, y := range c.Y {
		if out.Y[i] = y; !drawable(y) {
			continue
		}
		sum = factor*sum + float64((1-factor)*y)
		weight = factor*weight + (1 - factor)
		out.Y[i] = sum / weight
	}
	return out
}

func drawable(v float64) bool { return math.Abs(v) <= 1e150 }

// parts cuts c at its gaps. Where a part has more than 2·limit points, it has the lowest and the highest of each of limit runs of
// equal length: what one sees is the same, and a picture of a million steps stays small.
func (c Curve) parts(logX, logY bool, limit int) (parts []Curve) {
	var part Curve
	end := func() {
		if len(part.X) > 0 {
			parts = append(parts, part.thin(limit))
		}
		part = Curve{}
	}
	for i, y := range c.Y {
		x := c.X[i]
		if !drawable(x) || !drawable(y) || logX && x <= 0 || logY && y <= 0 {
			end()
			continue
		}
		part.X, part.Y = append(part.X, x), append(part.Y, y)
	}
	end()
	return parts
}

// thin leaves two points of each of limit runs.
func (c Curve) thin(limit int) Curve {
	n := len(c.X)
	if n <= 2*limit {
		return c
	}
	var out Curve
	for k := range limit {
		low, high := k*n/limit, k*n/limit
		for i := low; i < (k+1)*n/limit; i++ {
			if c.Y[i] < c.Y[low] {
				low = i
			}
			if c.Y[i] > c.Y[high] {
				high = i
			}
		}
		a, b := min(low, high), max(low, high)
		out.X, out.Y = append(out.X, c.X[a], c.X[b]), append(out.Y, c.Y[a], c.Y[b])
	}
	return out
}
