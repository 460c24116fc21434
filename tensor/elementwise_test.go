package tensor_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

type binary struct {
	name   string
	dtypes []tensor.DType
	make   func(a, b *tensor.Tensor) *tensor.Tensor
	to     func(dst, a, b *tensor.Tensor)
	want   func(a, b float64) float64
	tol    float64 // units in the last place
}

var bools = []tensor.DType{tensor.Bool}

var binaries = []binary{
	{"Add", numbers, tensor.Add, tensor.AddTo, func(a, b float64) float64 { return a + b }, 1},
	{"Sub", numbers, tensor.Sub, tensor.SubTo, func(a, b float64) float64 { return a - b }, 1},
	{"Mul", numbers, tensor.Mul, tensor.MulTo, func(a, b float64) float64 { return a * b }, 1},
	{"Div", floats, tensor.Div, tensor.DivTo, func(a, b float64) float64 { return a / b }, 1},
	{"Pow", floats, tensor.Pow, tensor.PowTo, math.Pow, 2},
	{"Atan2", floats, tensor.Atan2, tensor.Atan2To, math.Atan2, 2},
	{"FloorDiv", numbers, tensor.FloorDiv, tensor.FloorDivTo, floorDiv, 0},
	{"Mod", numbers, tensor.Mod, tensor.ModTo, func(a, b float64) float64 {
		r := math.Mod(a, b)
		if r != 0 && math.Signbit(r) != math.Signbit(b) {
			r += b
		}
		return r
	}, 1},
	{"Maximum", numbers, tensor.Maximum, tensor.MaximumTo, math.Max, 0},
	{"Minimum", numbers, tensor.Minimum, tensor.MinimumTo, math.Min, 0},
	{"Eq", append(bools, numbers...), tensor.Eq, tensor.EqTo, func(a, b float64) float64 { return one(a == b) }, 0},
	{"Ne", append(bools, numbers...), tensor.Ne, tensor.NeTo, func(a, b float64) float64 { return one(a != b) }, 0},
	{"Lt", numbers, tensor.Lt, tensor.LtTo, func(a, b float64) float64 { return one(a < b) }, 0},
	{"Le", numbers, tensor.Le, tensor.LeTo, func(a, b float64) float64 { return one(a <= b) }, 0},
	{"Gt", numbers, tensor.Gt, tensor.GtTo, func(a, b float64) float64 { return one(a > b) }, 0},
	{"Ge", numbers, tensor.Ge, tensor.GeTo, func(a, b float64) float64 { return one(a >= b) }, 0},
	{"And", bools, tensor.And, tensor.AndTo, func(a, b float64) float64 { return a * b }, 0},
	{"Or", bools, tensor.Or, tensor.OrTo, math.Max, 0},
	{"Xor", bools, tensor.Xor, tensor.XorTo, func(a, b float64) float64 { return one(a != b) }, 0},
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// wrap keeps a number in the dtype's range, as wrapping integers do.
func wrap(d tensor.DType, v float64) float64 {
	switch d {
	case tensor.Uint8:
		return float64(uint8(int64(v)))
	case tensor.Int8:
		return float64(int8(int64(v)))
	case tensor.Int32:
		return float64(int32(int64(v)))
	}
	return v
}

func TestBinary(t *testing.T) {
	for _, op := range binaries {
		t.Run(op.name, func(t *testing.T) {
			rng := newRand(1)
			for _, d := range some(op.dtypes) {
				for _, shape := range testShapes() {
					for layout := range layouts {
						a := laidOut(rng, layout, d, shape...)
						b := operand(rng, d, shape)
						if (op.name == "Mod" || op.name == "FloorDiv") && !d.IsFloat() { // no division by zero
							b = tensor.Where(tensor.Eq(b, tensor.New(d)), tensor.Full(d, 3), b)
						}
						inPlace := layout != repeated
						if rng.IntN(2) == 0 && op.name != "Mod" && op.name != "FloorDiv" {
							a, b, inPlace = b, a, false
						}
						want := make([]float64, 0, 1000)
						eachIndex(shape, func(_ int, index []int) {
							w := op.want(value(a, index...), value(b, index...))
							if d == tensor.Float32 && op.name == "FloorDiv" {
								w = math.Floor(float64(float32(value(a, index...)) / float32(value(b, index...))))
							}
							want = append(want, wrap(d, w))
						})
						got := op.make(a, b)
						requireSame(t, shape, want, got, op.tol*unit(d), "%s of %v %v and %v, layout %d", op.name, d, a.Shape(), b.Shape(), layout)
						dst := laidOut(rng, rng.IntN(4), got.DType(), shape...)
						op.to(dst, a, b)
						require.True(t, dst.Equal(got), "into a destination of another layout")
						if got.DType() == d && inPlace {
							op.to(a, a, b)
							require.True(t, a.Equal(got), "in place")
						}
					}
				}
			}
		})
	}
}

// operand returns a tensor that broadcasts to shape: some axes 1 long, some leading ones left out.
func operand(rng interface{ IntN(int) int }, d tensor.DType, shape []int) *tensor.Tensor {
	s := append([]int{}, shape...)
	for i := range s {
		if rng.IntN(3) == 0 {
			s[i] = 1
		}
	}
	if len(s) > 0 && rng.IntN(3) == 0 {
		s = s[1:]
	}
	r := newRand(uint64(rng.IntN(1000)))
	return laidOut(r, rng.IntN(layouts), d, s...)
}

type unary struct {
	name   string
	dtypes []tensor.DType
	make   func(x *tensor.Tensor) *tensor.Tensor
	to     func(dst, x *tensor.Tensor)
	want   func(x float64) float64
	tol    float64 // units in the last place
}

var unaries = []unary{
	{"Neg", numbers, tensor.Neg, tensor.NegTo, func(x float64) float64 { return -x }, 0},
	{"Abs", numbers, tensor.Abs, tensor.AbsTo, math.Abs, 0},
	{"Sign", numbers, tensor.Sign, tensor.SignTo, func(x float64) float64 {
		if x != x {
			return x
		}
		return one(x > 0) - one(x < 0)
	}, 0},
	{"Square", numbers, tensor.Square, tensor.SquareTo, func(x float64) float64 { return x * x }, 1},
	{"Sqrt", floats, tensor.Sqrt, tensor.SqrtTo, math.Sqrt, 1},
	{"Rsqrt", floats, tensor.Rsqrt, tensor.RsqrtTo, func(x float64) float64 { return 1 / math.Sqrt(x) }, 3},
	{"Reciprocal", floats, tensor.Reciprocal, tensor.ReciprocalTo, func(x float64) float64 { return 1 / x }, 1},
	{"Exp", floats, tensor.Exp, tensor.ExpTo, math.Exp, 3},
	{"Expm1", floats, tensor.Expm1, tensor.Expm1To, math.Expm1, 1},
	{"Log", floats, tensor.Log, tensor.LogTo, math.Log, 3},
	{"Log1p", floats, tensor.Log1p, tensor.Log1pTo, math.Log1p, 1},
	{"Log2", floats, tensor.Log2, tensor.Log2To, math.Log2, 1},
	{"Log10", floats, tensor.Log10, tensor.Log10To, math.Log10, 1},
	{"Sin", floats, tensor.Sin, tensor.SinTo, math.Sin, 1},
	{"Cos", floats, tensor.Cos, tensor.CosTo, math.Cos, 1},
	{"Tan", floats, tensor.Tan, tensor.TanTo, math.Tan, 1},
	{"Asin", floats, tensor.Asin, tensor.AsinTo, math.Asin, 1},
	{"Acos", floats, tensor.Acos, tensor.AcosTo, math.Acos, 1},
	{"Atan", floats, tensor.Atan, tensor.AtanTo, math.Atan, 1},
	{"Sinh", floats, tensor.Sinh, tensor.SinhTo, math.Sinh, 1},
	{"Cosh", floats, tensor.Cosh, tensor.CoshTo, math.Cosh, 1},
	{"Tanh", floats, tensor.Tanh, tensor.TanhTo, math.Tanh, 4},
	{"Sigmoid", floats, tensor.Sigmoid, tensor.SigmoidTo, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 6},
	{"Erf", floats, tensor.Erf, tensor.ErfTo, math.Erf, 1},
	{"Floor", floats, tensor.Floor, tensor.FloorTo, math.Floor, 0},
	{"Ceil", floats, tensor.Ceil, tensor.CeilTo, math.Ceil, 0},
	{"Round", floats, tensor.Round, tensor.RoundTo, math.RoundToEven, 0},
	{"Trunc", floats, tensor.Trunc, tensor.TruncTo, math.Trunc, 0},
	{"Not", bools, tensor.Not, tensor.NotTo, func(x float64) float64 { return 1 - x }, 0},
	{"Clamp", numbers, func(x *tensor.Tensor) *tensor.Tensor { return tensor.Clamp(x, -1, 2) },
		func(dst, x *tensor.Tensor) { tensor.ClampTo(dst, x, -1, 2) }, func(x float64) float64 { return min(max(x, -1), 2) }, 0},
	{"AddScalar", numbers, func(x *tensor.Tensor) *tensor.Tensor { return tensor.AddScalar(x, 3) },
		func(dst, x *tensor.Tensor) { tensor.AddScalarTo(dst, x, 3) }, func(x float64) float64 { return x + 3 }, 1},
	{"Scale", numbers, func(x *tensor.Tensor) *tensor.Tensor { return tensor.Scale(x, 3) },
		func(dst, x *tensor.Tensor) { tensor.ScaleTo(dst, x, 3) }, func(x float64) float64 { return x * 3 }, 1},
	{"PowScalar 3", floats, func(x *tensor.Tensor) *tensor.Tensor { return tensor.PowScalar(x, 3) },
		func(dst, x *tensor.Tensor) { tensor.PowScalarTo(dst, x, 3) }, func(x float64) float64 { return math.Pow(x, 3) }, 1},
	{"PowScalar ½", floats, func(x *tensor.Tensor) *tensor.Tensor { return tensor.PowScalar(x, 0.5) },
		func(dst, x *tensor.Tensor) { tensor.PowScalarTo(dst, x, 0.5) }, math.Sqrt, 1},
	{"IsNaN", floats, tensor.IsNaN, nil, func(x float64) float64 { return one(x != x) }, 0},
	{"IsInf", floats, tensor.IsInf, nil, func(x float64) float64 { return one(math.IsInf(x, 0)) }, 0},
	{"IsFinite", floats, tensor.IsFinite, nil, func(x float64) float64 { return one(x-x == 0) }, 0},
}

func TestUnary(t *testing.T) {
	for _, op := range unaries {
		t.Run(op.name, func(t *testing.T) {
			rng := newRand(2)
			for _, d := range some(op.dtypes) {
				for _, shape := range testShapes() {
					for layout := range layouts {
						x := laidOut(rng, layout, d, shape...)
						if d.IsFloat() && x.Len() > 6 && layout < repeated { // special numbers
							v := x
							for v.Rank() > 1 {
								v = v.Select(0, v.Dim(0)-1)
							}
							for i, s := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 0.5, 2.5, 1e-30}[:min(8, v.Len())] {
								v.Slice(0, i, i+1).CopyFrom(tensor.Full(d, s, 1))
							}
						}
						want := make([]float64, 0, 1000)
						eachIndex(shape, func(_ int, index []int) {
							w := op.want(value(x, index...))
							if d == tensor.Float32 {
								w = float64(float32(w))
							}
							want = append(want, wrap(d, w))
						})
						if op.name == "Clamp" && d == tensor.Uint8 { // where −1 is 0
							for i := range want {
								want[i] = min(value(x.Contiguous().Reshape(-1), i), 2)
							}
						}
						got := op.make(x)
						requireSame(t, shape, want, got, op.tol*unit(d), "%s of %v %v, layout %d", op.name, d, shape, layout)
						if op.to == nil {
							continue
						}
						dst := laidOut(rng, rng.IntN(4), got.DType(), shape...)
						op.to(dst, x)
						require.True(t, dst.Equal(got), "into a destination of another layout")
						if layout < repeated && got.DType() == d {
							op.to(x, x)
							require.True(t, x.Equal(got), "in place")
						}
					}
				}
			}
		})
	}
}

func TestWhere(t *testing.T) {
	rng := newRand(7)
	for _, d := range some(append([]tensor.DType{tensor.Bool, tensor.Float16, tensor.BFloat16}, numbers...)) {
		for _, shape := range testShapes() {
			for layout := range layouts {
				cond := operand(rng, tensor.Bool, shape)
				a, b := laidOut(rng, layout, d, shape...), operand(rng, d, shape)
				got := tensor.Where(cond, a, b)
				require.Equal(t, append([]int{}, shape...), append([]int{}, got.Shape()...))
				eachIndex(shape, func(k int, index []int) {
					want := value(b, index...)
					if value(cond, index...) == 1 {
						want = value(a, index...)
					}
					requireValue(t, want, tensor.At(got, k), "%v %v", d, index)
				})
				if layout < repeated && d != tensor.Float16 && d != tensor.BFloat16 {
					filled := tensor.MaskedFill(a, cond, 1)
					require.True(t, filled.Equal(tensor.Where(cond, tensor.Full(d, 1), a)))
				}
			}
		}
	}
}

func TestElementwiseOnAnyThreads(t *testing.T) {
	rng := newRand(8)
	a := filled(rng, tensor.Float32, 400, 300)
	b := filled(rng, tensor.Float32, 300, 400).Transpose(0, 1)
	long := filled(rng, tensor.Float32, 2, 100_001).Select(0, 1)
	gaps := filled(rng, tensor.Float32, 200_002).SliceStep(0, 0, 200_002, 2)
	for _, op := range binaries {
		if op.dtypes[0] == tensor.Bool && len(op.dtypes) == 1 {
			continue
		}
		for _, in := range [][2]*tensor.Tensor{{a, b}, {a, b.Slice(0, 0, 1)}, {long, gaps}, {gaps, tensor.Full(tensor.Float32, 2)}} {
			old := runtime.GOMAXPROCS(1)
			one := op.make(in[0], in[1])
			runtime.GOMAXPROCS(4)
			many := op.make(in[0], in[1])
			runtime.GOMAXPROCS(old)
			require.True(t, one.Equal(many), op.name)
		}
	}
}

func TestElementwiseIntoAllocatesNothing(t *testing.T) {
	a, b := filled(newRand(5), tensor.Float32, 300, 40), filled(newRand(6), tensor.Float32, 40, 1).Transpose(0, 1)
	mask := tensor.Gt(a, b)
	for name, f := range map[string]func(){
		"Add":        func() { tensor.AddTo(a, a, b) },
		"Gt":         func() { tensor.GtTo(mask, a, b) },
		"Tanh":       func() { tensor.TanhTo(a, a) },
		"Scale":      func() { tensor.ScaleTo(a, a, 0.5) },
		"Where":      func() { tensor.WhereTo(a, mask, a, b) },
		"MaskedFill": func() { tensor.MaskedFillTo(a, a, mask, 3) },
		"Clamp":      func() { tensor.ClampTo(a, a, -1, 1) },
		"PowScalar":  func() { tensor.PowScalarTo(a, a, 2) },
	} {
		assert.Zero(t, alloctest.PerRun(10, f), name)
	}
}

func TestElementwiseMisuse(t *testing.T) {
	f := func(d tensor.DType, shape ...int) *tensor.Tensor { return tensor.New(d, shape...) }
	x := f(tensor.Float32, 2, 3)
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"tensor: Add: shapes [2 3] and [4] do not broadcast", func() { tensor.Add(x, f(tensor.Float32, 4)) }},
		{"tensor: Add: dtypes float32 and int64", func() { tensor.Add(x, f(tensor.Int64, 3)) }},
		{"tensor: Add: dtype bool is not one it works on", func() { tensor.Add(f(tensor.Bool), f(tensor.Bool)) }},
		{"tensor: Add: the destination's shape is [3], the result's [2 3]", func() { tensor.AddTo(f(tensor.Float32, 3), x, x) }},
		{"tensor: Add: the destination's shape is [1 2 3], the result's [2 3]", func() { tensor.AddTo(f(tensor.Float32, 1, 2, 3), x, x) }},
		{"tensor: Lt: the destination is float32, the result bool", func() { tensor.LtTo(x, x, x) }},
		{"tensor: Exp: dtype int64 is not one it works on", func() { tensor.Exp(f(tensor.Int64)) }},
		{"tensor: Exp: the destination's shape is [3], the result's [2 3]", func() { tensor.ExpTo(f(tensor.Float32, 3), x) }},
		{"tensor: Where: the condition is float32, not bool", func() { tensor.Where(x, x, x) }},
		{"tensor: Where: shape [4] does not broadcast to [2 3]", func() { tensor.WhereTo(x, f(tensor.Bool, 4), x, x) }},
		{"tensor: Mod: integer division of 0 by 0", func() { tensor.Mod(f(tensor.Int32), f(tensor.Int32)) }},
		{"tensor: FloorDiv: integer division of 0 by 0", func() { tensor.FloorDiv(f(tensor.Int8), f(tensor.Int8)) }},
		{"tensor: Gt: dtype bool is not one it works on", func() { tensor.Gt(f(tensor.Bool), f(tensor.Bool)) }},
		{"tensor: Ge: dtypes float32 and int64", func() { tensor.Ge(x, f(tensor.Int64)) }},
		{"tensor: Pow: integer 3 to the power of -1", func() {
			tensor.Pow(tensor.Scalar[int32](3), tensor.Scalar[int32](-1))
		}},
		{"tensor: PowScalar: int64 to the power of 0.5", func() { tensor.PowScalar(f(tensor.Int64, 2), 0.5) }},
		{"tensor: PowScalar: uint8 to the power of -1", func() { tensor.PowScalar(f(tensor.Uint8, 2), -1) }},
		{"tensor: PowScalar: dtype bool is not one it works on", func() { tensor.PowScalar(f(tensor.Bool, 2), 2) }},
		{"tensor: PowScalar: the destination's shape is [3], the result's [2 3]", func() {
			tensor.PowScalarTo(f(tensor.Float32, 3), x, 2)
		}},
		{"tensor: Clamp: the destination's shape is [3], the result's [2 3]", func() { tensor.ClampTo(f(tensor.Float32, 3), x, 0, 1) }},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
}
