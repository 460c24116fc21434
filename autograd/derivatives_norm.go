package autograd

// Derivatives made of ops, see derivatives.go, of what normalises: x̂ = (x − mean)·r with r = 1/√(var + eps), of which the result
// is x̂·gain + bias. With g = dy·gain,
//
//	dx = r·(g − mean g − x̂·mean(g·x̂))   dgain = Σ dy·x̂   dbias = Σ dy
//
// in which mean, r and x̂ are computed again, as Vars that depend on x.

// normalisation says what the mean is over, and where gain and bias lie.
type normalisation struct {
	shape    []int // of x, for the mean: over the axes that are 1 in stats
	stats    []int // of a mean, with as many axes
	wide     []int // of x, for the gain
	gain     []int // of gain and bias, to be broadcast to wide
	raw      bool  // no mean is taken off x: RMSNorm
	mean, of *Var  // constants in place of mean and r: running statistics
}

// average returns the means of v, to be broadcast to it.
func (z *normalisation) average(v *Var) *Var {
	part := 1
	for a, d := range z.shape {
		part *= d / max(z.stats[a], 1)
	}
	return Scale(SumTo(v, z.stats...), 1/float64(max(part, 1)))
}

func (z *normalisation) derivative(n *node, i int, dy *Var) *Var {
	dy = Reshape(dy, z.wide...)
	if i == 2 {
		return Reshape(SumTo(dy, z.gain...), n.in[2].Shape()...)
	}
	norm, r := Reshape(n.in[0], z.shape...), z.of
	switch {
	case r != nil:
		norm = Sub(norm, z.mean)
	case !z.raw:
		norm = Sub(norm, z.average(norm))
	}
	if r == nil {
		v := AddScalar(z.average(Square(norm)), n.factor)
		r = Div(Sqrt(v), v) // 1/√v, and NaN as in the forward pass where v overflows
	}
	norm = Mul(norm, r)
	if i == 1 {
		return Reshape(SumTo(Mul(dy, Reshape(norm, z.wide...)), z.gain...), n.in[1].Shape()...)
	}
	g := dy
	if len(n.in) > 1 {
		g = Mul(dy, Reshape(n.in[1], z.gain...))
	}
	g = Reshape(g, z.shape...)
	if z.of == nil {
		slope := Mul(norm, z.average(Mul(g, norm)))
		if !z.raw {
			g = Sub(g, z.average(g))
		}
		g = Sub(g, slope)
	}
	return Reshape(Mul(g, r), n.in[0].Shape()...)
}

func rowsDerivative(n *node, i int, dy *Var) *Var {
	rows, cols := n.ints[0], n.ints[1]
	z := normalisation{shape: []int{rows, cols}, stats: []int{rows, 1}, wide: []int{rows, cols}, gain: []int{cols}, raw: n.op == rmsNormOp}
	return z.derivative(n, i, dy)
}

func groupNormDerivative(n *node, i int, dy *Var) *Var {
	groups, per, s := groupSizes(n)
	samples, c, _ := planes(n.in[0].Shape())
	z := normalisation{shape: []int{groups, per * s}, stats: []int{groups, 1}, wide: []int{samples, c, s}, gain: []int{c, 1}}
	return z.derivative(n, i, dy)
}

func batchNormDerivative(n *node, i int, dy *Var) *Var {
	o := n.aux.(*BatchNormOptions)
	samples, c, s := planes(n.in[0].Shape())
	shape := []int{samples, c, s}
	z := normalisation{shape: shape, stats: []int{1, c, 1}, wide: shape, gain: []int{c, 1}}
	switch {
	case o.Running:
		stats := n.tape.newVar(n.saved[0])
		z.mean, z.of = Reshape(Slice(stats, 0, 0, 1), c, 1), Reshape(Slice(stats, 0, 1, 2), c, 1)
	case o.Sync != nil:
		panic(&NoSecondDerivativeError{"BatchNorm over several replicas"})
	}
	return z.derivative(n, i, dy)
}
