package optim

import (
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
)

// This file is L-BFGS's line search: it looks along a direction for a point where the loss has fallen enough and the slope is
// flat enough, the strong Wolfe conditions.

// enough and flat are the constants of the two conditions.
const enough, flat = 1e-4, 0.9

// point is a point on the line.
type point struct {
	at    float64 // in directions from where the search began
	loss  float64
	slope float64 // of the loss along the line
	room  int     // of its gradient, among the stepper's
}

// search returns the length of the step to take from w, the loss there, and how often it called the closure: at most `most`
// times and once. l.grad becomes the gradient there; w is as it was.
func (l *LBFGSStepper[T]) search(w []T, closure func() (float64, []T), loss, slope float64, most int) (float64, float64, int) {
	l.start = append(l.start[:0], w...)
	try := func(at float64, kept ...point) point {
		vec.Axpy(w, T(at), l.state.Direction)
		p := point{at: at, room: l.free(kept)}
		p.loss = l.evaluate(l.room[p.room], closure)
		copy(w, l.start)
		if math.IsNaN(p.loss) {
			p.loss = math.Inf(1)
		}
		p.slope = float64(vec.Dot(l.room[p.room], l.state.Direction))
		return p
	}
	low := func(p point) bool { return p.loss <= loss+enough*p.at*slope }
	good := func(p point) bool { return math.Abs(p.slope) <= -flat*slope }
	finish := func(p point, tries int) (float64, float64, int) {
		copy(l.grad, l.room[p.room])
		return p.at, p.loss, tries + 1
	}

	// First, longer and longer steps, until a good point lies between two.
	begin := point{0, loss, slope, l.free(nil)}
	copy(l.room[begin.room], l.grad)
	before := begin
	now := try(l.state.Length, begin)
	var ends [2]point
	tries := 0
	for ; ; tries++ {
		if tries == most {
			ends = [2]point{begin, now}
			break
		}
		if !low(now) || tries > 1 && now.loss >= before.loss {
			ends = [2]point{before, now}
			break
		}
		if good(now) {
			return finish(now, tries)
		}
		if now.slope >= 0 {
			ends = [2]point{before, now}
			break
		}
		at := interpolate(before, now, now.at+0.01*(now.at-before.at), now.at*10)
		before, now = now, try(at, begin, now)
	}

	// Then between the two, of which best is the lower.
	best := lower(ends)
	reach, stuck := largest(l.state.Direction), false
	for ; tries < most; tries++ {
		least, greatest := min(ends[0].at, ends[1].at), max(ends[0].at, ends[1].at)
		if (greatest-least)*reach < l.o.ChangeTolerance {
			break
		}
		at := interpolate(ends[0], ends[1], least, greatest)
		at, stuck = inside(at, least, greatest, stuck)
		p := try(at, ends[0], ends[1])
		if !low(p) || p.loss >= ends[best].loss {
			ends[1-best] = p
			best = lower(ends)
			continue
		}
		if good(p) {
			return finish(p, tries+1)
		}
		if p.slope*(ends[1-best].at-ends[best].at) >= 0 {
			ends[1-best] = ends[best]
		}
		ends[best] = p
	}
	return finish(ends[best], tries)
}

// lower returns which of two points has the lower loss, of equals the first.
func lower(ends [2]point) int {
	if ends[0].loss <= ends[1].loss {
		return 0
	}
	return 1
}

// inside moves a trial that lies in the outer tenth of a bracket inwards, if it lies at the end or the one before did so, too.
// It says whether this one did.
func inside(at, least, greatest float64, stuck bool) (float64, bool) {
	tenth := 0.1 * (greatest - least)
	if min(greatest-at, at-least) >= tenth {
		return at, false
	}
	if !stuck && at < greatest && at > least {
		return at, true
	}
	if math.Abs(at-greatest) < math.Abs(at-least) {
		return greatest - tenth, false
	}
	return least + tenth, false
}

// interpolate returns where, within [lo, hi], the cubic through two points has its minimum; the middle if there is none.
func interpolate(a, b point, lo, hi float64) float64 {
	if a.at > b.at {
		a, b = b, a
	}
	d := a.slope + b.slope - 3*(a.loss-b.loss)/(a.at-b.at)
	root := math.Sqrt(d*d - a.slope*b.slope)
	at := b.at - (b.at-a.at)*((b.slope+root-d)/(b.slope-a.slope+2*root))
	if math.IsNaN(at) {
		return (lo + hi) / 2
	}
	return min(max(at, lo), hi)
}

// free returns a room for a gradient that is none of the kept points'.
func (l *LBFGSStepper[T]) free(kept []point) int {
	i := 0
	for slices.ContainsFunc(kept, func(p point) bool { return p.room == i }) {
		i++
	}
	if l.room[i] == nil {
		l.room[i] = make([]T, l.n)
	}
	return i
}
