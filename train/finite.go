package train

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// A gradientCheck looks for gradients that are not finite before they reach a weight. A rank looks at each of its
// partial sums when it sends it, while it is in cache, and says in the sums of the step that it has found something.
// So all ranks refuse the step, with no further round trip.
//
// The total is finite too. A partial sum of k in all may have elements up to 1/(2k) of float32's largest number M: a
// sum of any of them, in any order, is at most M/2 before rounding, and rounding adds less than a factor (1+2⁻²⁴)ᵏ <
// 2. So it is in float64. What is larger counts as not finite: no gradient that trains is near 10³⁸/k. On a wire of 16
// bits a partial sum may be as large as the wire can say. The one sum that this does not bound is that of [AllReduce] in
// fp16, which is rounded once more: it is looked at again, and has the same bits on all ranks.
type gradientCheck[T float] struct {
	params []layers.NamedParam // all of the model's
	set    *autograd.Set
	half   bool // what travels is fp16
	limit  T    // of a partial sum
	rows   T    // of a partition's gradient by rows, of which all partitions' are added

	mu    sync.Mutex
	first int // in params, of the first that is not finite; noParam: none
}

const noParam = math.MaxInt

// newGradientCheck makes the check for a step of that many partial sums and partitions, on ranks that talk in wire.
func newGradientCheck[T float](params []layers.NamedParam, set *autograd.Set, sums, partitions, ranks int,
	wire collectives.Wire) *gradientCheck[T] {
	limit := func(terms int) T {
		if terms == 1 {
			return T(largest[T]())
		}
		return T(largest[T]() / float64(2*terms))
	}
	c := &gradientCheck[T]{params: params, set: set, limit: limit(sums), rows: limit(partitions), first: noParam}
	if wire == collectives.Float16Wire && ranks > 1 {
		c.half = true
		c.limit = T(math.Nextafter32(65520, 0)) // from there on rounding to fp16 gives infinity
	}
	return c
}

// begin forgets what the last step found.
func (c *gradientCheck[T]) begin() { c.first = noParam }

// found reports whether something is not finite.
func (c *gradientCheck[T]) found() bool { return c.first != noParam }

// look checks x, a partial sum of the gradient of the weights from lo on.
func (c *gradientCheck[T]) look(x []T, lo int) {
	if i := beyond(x, c.limit); i >= 0 {
		for _, p := range c.set.Params() { // the one that element lo+i belongs to
			if _, hi := c.set.Range(p); lo+i < hi {
				c.note(p)
				return
			}
		}
	}
}

// lookRows checks the gradient by rows of a sparse parameter.
func (c *gradientCheck[T]) lookRows(p *autograd.Param, x []T) {
	if beyond(x, c.rows) >= 0 {
		c.note(p)
	}
}

func (c *gradientCheck[T]) note(p *autograd.Param) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, n := range c.params {
		if n.Param == p {
			c.first = min(c.first, i)
			return
		}
	}
}

// err names the first parameter, of those that any rank has found, on all ranks. Its second error is one of communication.
func (c *gradientCheck[T]) err(ctx context.Context, g *collectives.Group, where string) (bad, err error) {
	first := []int64{int64(c.first)}
	if err := collectives.AllReduce(ctx, g, first, collectives.Min); err != nil {
		return nil, fmt.Errorf("train: gradient is %w at %s; finding where: %w", ErrNotFinite, where, err)
	}
	hint := ""
	if c.half {
		hint = ", or too large for fp16, which ends at 65504"
	}
	return fmt.Errorf("train: gradient is %w%s: that of %s at %s",
		ErrNotFinite, hint, c.params[first[0]].Name, where), nil
}

// beyond gives the index of the first element of x that is NaN or of a magnitude above limit; −1 if there is none.
func beyond[T float](x []T, limit T) int {
	const block = 4096 // stays in the first cache, for the second look
	for lo := 0; lo < len(x); lo += block {
		b := x[lo:min(lo+block, len(x))]
		if vec.Max(b) <= limit && vec.Min(b) >= -limit { // false for NaN
			continue
		}
		for i, v := range b {
			if !(v <= limit && v >= -limit) {
				return lo + i
			}
		}
	}
	return -1
}

// largest is the largest finite number of type T.
func largest[T float]() float64 {
	if dtypeOf[T]() == tensor.Float64 {
		return math.MaxFloat64
	}
	return math.MaxFloat32
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
