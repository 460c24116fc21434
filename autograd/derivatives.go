package autograd

import (
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// derivative returns the gradient of operand i of a node, given that of the result, as a Var made of other ops.
type derivative func(n *node, i int, dy *Var) *Var

// derivatives is the table of ops that can be differentiated twice and more, for Gradients: the rules that the backward kernels
// compute, written as ops.
var derivatives = map[*op]derivative{
	addOp: func(n *node, i int, dy *Var) *Var { return sumLike(dy, n.in[i]) },
	subOp: func(n *node, i int, dy *Var) *Var {
		if i == 1 {
			dy = Neg(dy)
		}
		return sumLike(dy, n.in[i])
	},
	mulOp: func(n *node, i int, dy *Var) *Var { return sumLike(Mul(dy, n.in[1-i]), n.in[i]) },
	divOp: func(n *node, i int, dy *Var) *Var {
		if i == 1 {
			return sumLike(Neg(Mul(dy, Div(n.out, n.in[1]))), n.in[1])
		}
		return sumLike(Div(dy, n.in[1]), n.in[0])
	},
	powVarOp:  powVarRule,
	maximumOp: func(n *node, i int, dy *Var) *Var { return sumLike(Mul(dy, n.share(i)), n.in[i]) },
	minimumOp: func(n *node, i int, dy *Var) *Var { return sumLike(Mul(dy, n.share(i)), n.in[i]) },

	negOp:        func(_ *node, _ int, dy *Var) *Var { return Neg(dy) },
	scaleOp:      func(n *node, _ int, dy *Var) *Var { return Scale(dy, n.factor) },
	addScalarOp:  func(_ *node, _ int, dy *Var) *Var { return dy },
	reciprocalOp: func(n *node, _ int, dy *Var) *Var { return Neg(Mul(dy, Square(n.out))) },
	squareOp:     func(n *node, _ int, dy *Var) *Var { return Scale(Mul(dy, n.in[0]), 2) },
	sqrtOp:       func(n *node, _ int, dy *Var) *Var { return Scale(Div(dy, n.out), 0.5) },
	rsqrtOp:      func(n *node, _ int, dy *Var) *Var { return Scale(Mul(Mul(Mul(dy, n.out), n.out), n.out), -0.5) },
	powOp: func(n *node, _ int, dy *Var) *Var {
		if n.factor == 0 {
			return Scale(dy, 0)
		}
		return Mul(dy, Scale(Pow(n.in[0], n.factor-1), n.factor))
	},
	absOp:     func(n *node, _ int, dy *Var) *Var { return Mul(dy, signs(n.in[0])) },
	clampOp:   straight(clampSlope[float32], clampSlope[float64]),
	reluOp:    straight(reluSlope[float32], reluSlope[float64]),
	expOp:     func(n *node, _ int, dy *Var) *Var { return Mul(dy, n.out) },
	logOp:     func(n *node, _ int, dy *Var) *Var { return Div(dy, n.in[0]) },
	log1pOp:   func(n *node, _ int, dy *Var) *Var { return Div(dy, AddScalar(n.in[0], 1)) },
	expm1Op:   func(n *node, _ int, dy *Var) *Var { return Mul(dy, AddScalar(n.out, 1)) },
	sinOp:     func(n *node, _ int, dy *Var) *Var { return Mul(dy, Cos(n.in[0])) },
	cosOp:     func(n *node, _ int, dy *Var) *Var { return Neg(Mul(dy, Sin(n.in[0]))) },
	tanOp:     func(n *node, _ int, dy *Var) *Var { return Mul(dy, AddScalar(Square(n.out), 1)) },
	atanOp:    func(n *node, _ int, dy *Var) *Var { return Div(dy, AddScalar(Square(n.in[0]), 1)) },
	sinhOp:    func(n *node, _ int, dy *Var) *Var { return Mul(dy, Cosh(n.in[0])) },
	coshOp:    func(n *node, _ int, dy *Var) *Var { return Mul(dy, Sinh(n.in[0])) },
	tanhOp:    func(n *node, _ int, dy *Var) *Var { return Mul(dy, AddScalar(Neg(Square(n.out)), 1)) },
	sigmoidOp: func(n *node, _ int, dy *Var) *Var { return Mul(dy, Mul(n.out, AddScalar(Neg(n.out), 1))) },
	erfOp: func(n *node, _ int, dy *Var) *Var {
		return Scale(Mul(dy, Exp(Neg(Square(n.in[0])))), 2/math.SqrtPi)
	},
	geluOp: func(n *node, _ int, dy *Var) *Var { // Φ(x) + x·φ(x)
		x := Clamp(n.in[0], -40, 40) // beyond, φ is 0, but infinity times 0 is not
		below := Scale(AddScalar(Erf(Scale(x, math.Sqrt2/2)), 1), 0.5)
		density := Scale(Exp(Scale(Square(x), -0.5)), 1/math.Sqrt(2*math.Pi))
		return Mul(dy, Add(below, Mul(x, density)))
	},
	dropoutOp: func(n *node, _ int, dy *Var) *Var { return Mul(dy, n.tape.newVar(n.saved[0])) },

	leakyReLUOp: straight(leakySlope[float32], leakySlope[float64]),
	hardtanhOp:  straight(hardtanhSlope[float32], hardtanhSlope[float64]),
	relu6Op:     straight(hardtanhSlope[float32], hardtanhSlope[float64]),
	bendOp: func(n *node, _ int, dy *Var) *Var {
		return n.aux.(*bend).of(dy, n.saved[0], n.factor, n.other)
	},
	siluOp: func(n *node, _ int, dy *Var) *Var {
		s := Sigmoid(n.in[0])
		return Mul(dy, Add(s, Mul(n.out, AddScalar(Neg(s), 1))))
	},
	logSigmoidOp: func(n *node, _ int, dy *Var) *Var { return Mul(dy, Sigmoid(Neg(n.in[0]))) },

	matMulOp: matMulDerivative,
	linearOp: linearDerivative,

	conv2DOp:          conv2DDerivative,
	convTranspose2DOp: convTransposeDerivative,
	filtersOp:         filtersDerivative,
	maxPoolOp:         winnersDerivative,
	adaptiveMaxOp:     winnersDerivative,
	avgPoolOp:         func(n *node, _ int, dy *Var) *Var { return avgSpreadOp.like(n, dy) },
	avgSpreadOp:       func(n *node, _ int, dy *Var) *Var { return avgPoolOp.like(n, dy) },
	adaptiveAvgOp:     func(n *node, _ int, dy *Var) *Var { return adaptiveSpreadOp.like(n, dy) },
	adaptiveSpreadOp: func(n *node, _ int, dy *Var) *Var {
		return AdaptiveAvgPool2D(dy, n.in[0].Dim(2), n.in[0].Dim(3))
	},

	batchNormOp: batchNormDerivative,
	layerNormOp: rowsDerivative,
	rmsNormOp:   rowsDerivative,
	groupNormOp: groupNormDerivative,

	sumOp:        sumDerivative,
	meanOp:       sumDerivative,
	expandOp:     func(n *node, _ int, dy *Var) *Var { return sumLike(dy, n.in[0]) },
	sumToOp:      func(n *node, _ int, dy *Var) *Var { return Expand(dy, n.in[0].Shape()...) },
	cumSumOp:     func(n *node, _ int, dy *Var) *Var { return Flip(CumSum(Flip(dy, n.ints[0]), n.ints[0]), n.ints[0]) },
	cumProdOp:    cumProdRule,
	recurrenceOp: recurrenceRule,
	maxOp:        winnerDerivative,
	minOp:        winnerDerivative,
	varOp:        func(n *node, _ int, dy *Var) *Var { return Scale(Mul(deviations(n.in[0]), column(dy)), 2/n.factor) },
	stdOp: func(n *node, _ int, dy *Var) *Var {
		return Scale(Mul(deviations(n.in[0]), column(Div(atRoot(dy, n.out)))), 1/n.factor)
	},
	logSumExpOp: logSumExpRule,
	normOp:      normRule,
	softmaxOp: func(n *node, _ int, dy *Var) *Var {
		return Mul(n.out, Sub(dy, Unsqueeze(Sum(Mul(n.out, dy), -1), -1)))
	},
	logSoftmaxOp: func(n *node, _ int, dy *Var) *Var { return Sub(dy, Mul(Exp(n.out), Unsqueeze(Sum(dy, -1), -1))) },
	crossEntropyOp: func(n *node, _ int, dy *Var) *Var {
		x := n.in[0]
		right := n.tape.zeros(x.DType(), x.Shape()...)
		for i, label := range tensor.Data[int64](n.targets) {
			right.value.Slice(0, i, i+1).Slice(1, int(label), int(label)+1).Fill(1)
		}
		return Scale(Mul(Sub(Softmax(x), right), dy), 1/float64(max(x.Dim(0), 1)))
	},
	nllOp:              nllRule,
	softCrossEntropyOp: softCrossEntropyRule,
	bceOp:              bceRule,
	bceLogitsOp:        bceLogitsRule,
	mseOp: func(n *node, i int, dy *Var) *Var {
		scale := 2 / float64(max(n.in[0].Len(), 1))
		if i == 1 {
			scale = -scale
		}
		return Scale(Mul(Sub(n.in[0], n.in[1]), dy), scale)
	},

	reshapeOp:   likeOperand,
	squeezeOp:   likeOperand,
	unsqueezeOp: likeOperand,
	permuteOp:   placeBack,
	transposeOp: placeBack,
	sliceOp:     placeBack,
	sectionOp:   sectionRule,
	selectOp:    placeBack,
	flipOp:      placeBack,
	repeatOp:    placeBack,
	diagonalOp:  placeBack,
	unfoldOp:    placeBack,
	moveOp:      placeBack,
	placeOp:     readThrough,
	foldOp:      readThrough,
	padOp:       padDerivative,
	rollOp:      func(n *node, _ int, dy *Var) *Var { return Roll(dy, n.ints[0], -n.ints[1]) },
	concatOp: func(n *node, i int, dy *Var) *Var {
		lo := 0
		for _, v := range n.in[:i] {
			lo += v.Dim(n.ints[0])
		}
		return Slice(dy, n.ints[0], lo, lo+n.in[i].Dim(n.ints[0]))
	},

	gatherOp: func(n *node, _ int, dy *Var) *Var {
		x := n.in[0]
		return ScatterAdd(n.tape.zeros(x.DType(), x.Shape()...), n.ints[1], n.targets, dy)
	},
	scatterAddOp: func(n *node, i int, dy *Var) *Var {
		if i == 0 {
			return dy
		}
		return Gather(dy, n.ints[1], n.targets)
	},
	scatterOp:      scatterRule,
	indexSelectOp:  indexSelectRule,
	indexAddOp:     indexAddRule,
	embeddingOp:    embeddingRule,
	embeddingBagOp: embeddingBagRule,
	rotaryOp:       rotaryRule,

	maskedFillOp: func(n *node, _ int, dy *Var) *Var { return MaskedFill(dy, n.targets, 0) },
	whereOp: func(n *node, i int, dy *Var) *Var {
		none := n.tape.zeros(dy.DType())
		if i == 0 {
			return sumLike(Where(n.targets, dy, none), n.in[0])
		}
		return sumLike(Where(n.targets, none, dy), n.in[1])
	},
}

// definitions are the ops that are many others in one: each computes its op's result again, of those.
var definitions = map[*op]func(n *node) *Var{
	attentionOp:  attentionDefinition,
	recurrentOp:  recurrentDefinition,
	geluTanhOp:   geluTanhDefinition,
	prodOp:       prodDefinition,
	checkpointOp: checkpointDefinition,
}

// Twice returns the names of the ops that Gradients can differentiate, in alphabetical order.
func Twice() []string {
	var names []string
	// What follows are no ops of the user's.
	inner := []*op{placeOp, moveOp, filtersOp, avgSpreadOp, adaptiveSpreadOp, bendOp, recurrenceOp, sectionOp}
	for o := range derivatives {
		if !slices.Contains(inner, o) {
			names = append(names, o.name)
		}
	}
	for o := range definitions {
		names = append(names, o.name)
	}
	slices.Sort(names)
	return names
}

// sumLike returns v summed to x's shape.
func sumLike(v, x *Var) *Var {
	if v.value.SameShape(x.value) {
		return v
	}
	return SumTo(v, x.Shape()...)
}

// likeOperand is the derivative of an op that leaves elements in their order.
func likeOperand(n *node, _ int, dy *Var) *Var { return Reshape(dy, n.in[0].Shape()...) }

// column returns the results of a reduction of rows [R, C] as [R, 1].
func column(v *Var) *Var { return Reshape(v, v.Len(), 1) }

func deviations(x *Var) *Var { return Sub(x, Unsqueeze(Mean(x, 1), 1)) }

func sumDerivative(n *node, _ int, dy *Var) *Var {
	return Scale(Expand(Reshape(dy, n.saved[0].Shape()...), n.in[0].Shape()...), n.factor)
}

// winnerDerivative sends the gradient of every row's winner to it.
func winnerDerivative(n *node, _ int, dy *Var) *Var {
	x := n.in[0]
	return ScatterAdd(n.tape.zeros(x.DType(), x.Shape()...), 1, n.tape.pool.Reshape(n.saved[0], x.Dim(0), 1), column(dy))
}

// maskWhere returns a mask of the given shape that is true where fn says so, or nil if that is nowhere.
func (t *Tape) maskWhere(shape []int, fn func(i int) bool) *tensor.Tensor {
	mask := t.pool.New(tensor.Bool, shape...)
	set, found := tensor.Data[bool](mask), false
	for i := range set {
		set[i] = fn(i)
		found = found || set[i]
	}
	if !found {
		t.pool.Put(mask)
		return nil
	}
	return mask
}

// atRoot prepares dy/y where y is a root whose derivative is to be zero where it is zero itself: there dy becomes 0 and
// y 1.
func atRoot(dy, y *Var) (*Var, *Var) {
	zeros := y.tape.maskWhere(y.Shape(), func(i int) bool { return floatAt(y.value, i) == 0 })
	if zeros == nil {
		return dy, y
	}
	return MaskedFill(dy, zeros, 0), MaskedFill(y, zeros, 1)
}

// bend is what a curve made of straight pieces does to the gradient dy at x: a multiplication by constants, which its
// own derivative is too. So both forms of the gradient are one loop.
type bend struct {
	f32 func(dx, dy, x []float32, p, q float32)
	f64 func(dx, dy, x []float64, p, q float64)
}

// straight is the derivative of a curve made of straight pieces, given its slope.
func straight(f32 func(dx, dy, x []float32, p, q float32), f64 func(dx, dy, x []float64, p, q float64)) derivative {
	b := &bend{f32, f64}
	return func(n *node, _ int, dy *Var) *Var { return b.of(dy, n.in[0].value, n.factor, n.other) }
}

func (b *bend) of(dy *Var, x *tensor.Tensor, p, q float64) *Var {
	n := bendOp.on(dy)
	n.aux, n.saved[0], n.factor, n.other = b, x, p, q
	return n.run(dy.Shape()...)
}

var bendOp = &op{"Bend",
	kernels{func(n *node) { n.bend32(out[float32](n), in[float32](n, 0)) }, func(n *node) {
		n.bend32(begin[float32](n, 0), outGrad[float32](n))
		end[float32](n, 0)
	}},
	kernels{func(n *node) { n.bend64(out[float64](n), in[float64](n, 0)) }, func(n *node) {
		n.bend64(begin[float64](n, 0), outGrad[float64](n))
		end[float64](n, 0)
	}}}

func (n *node) bend32(dx, dy []float32) {
	n.aux.(*bend).f32(dx, dy, tensor.Data[float32](n.saved[0]), float32(n.factor), float32(n.other))
}

func (n *node) bend64(dx, dy []float64) {
	n.aux.(*bend).f64(dx, dy, tensor.Data[float64](n.saved[0]), n.factor, n.other)
}

func matMulDerivative(n *node, i int, dy *Var) *Var {
	a, b := n.in[0], n.in[1]
	tA, tB := blas.Transpose(n.ints[0]) == blas.Trans, blas.Transpose(n.ints[1]) == blas.Trans
	var g *Var
	switch {
	case i == 0 && tA:
		g = MatMulNT(b, dy)
	case i == 0 && tB:
		g = MatMul(dy, b)
	case i == 0:
		g = MatMulNT(dy, b)
	case tA:
		g = MatMul(a, dy)
	case tB:
		g = MatMulTN(dy, a)
	default:
		g = MatMulTN(a, dy)
	}
	return sumLike(g, n.in[i])
}

func linearDerivative(n *node, i int, dy *Var) *Var {
	x, w := n.in[0], n.in[1]
	rows, d, o := linearSizes(n)
	switch i {
	case 0:
		return Reshape(MatMul(Reshape(dy, rows, o), w), x.Shape()...)
	case 1:
		return MatMulTN(Reshape(dy, rows, o), Reshape(x, rows, d))
	}
	return SumTo(Reshape(dy, rows, o), o)
}

// constant returns a constant of x's shape, computed from x's elements by one of two instances of a function.
func constant(x *Var, f32 func(dst, x []float32), f64 func(dst, x []float64)) *Var {
	c := x.tape.pool.New(x.DType(), x.Shape()...)
	if x.DType() == tensor.Float32 {
		f32(tensor.Data[float32](c), tensor.Data[float32](x.value))
	} else {
		f64(tensor.Data[float64](c), tensor.Data[float64](x.value))
	}
	return x.tape.newVar(c)
}

// constLike returns values, Float64, as a constant of x's dtype.
func (t *Tape) constLike(x *Var, values *tensor.Tensor) *Var {
	c := t.pool.New(x.DType(), values.Shape()...)
	tensor.CastTo(c, values)
	return t.newVar(c)
}

func signs(x *Var) *Var { return constant(x, signsOf[float32], signsOf[float64]) }

func signsOf[T vec.Float](dst, x []T) {
	for i, v := range x {
		dst[i] = sign(v)
	}
}

// placeOp and moveOp are each other's derivatives: elements added to a result of zeros through a layout, and read through it.
var (
	placeOp = &op{"Place", kernels{placeForward[float32], placeBackward[float32]}, kernels{placeForward[float64], placeBackward[float64]}}
	moveOp  = mover("Move")
)

// placeBack is the derivative of an op that moves elements.
func placeBack(n *node, _ int, dy *Var) *Var { return placeOp.through(dy, &n.layout, n.in[0].Shape()) }

// readThrough is the derivative of an op that adds elements up in places.
func readThrough(n *node, _ int, dy *Var) *Var { return moveOp.through(dy, &n.layout, n.in[0].Shape()) }

func (o *op) through(x *Var, l *layout, shape []int) *Var {
	n := o.on(x)
	n.layout = *l
	return n.run(shape...)
}

func placeForward[T vec.Float](n *node) {
	y := out[T](n)
	clear(y)
	give(y, in[T](n, 0), &n.layout, 0, n.layout.rows())
}

func placeBackward[T vec.Float](n *node) {
	take(begin[T](n, 0), outGrad[T](n), &n.layout, 0, n.layout.rows())
	end[T](n, 0)
}
