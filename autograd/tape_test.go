package autograd_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

func param(v []float32, shape ...int) *autograd.Param {
	return autograd.NewParam(tensor.FromSlice(v, shape...))
}

func float32s(x *tensor.Tensor) []float32 { return tensor.Data[float32](x) }

// A hundred thousand ops in a row: Backward must not recurse, and the memory of a gradient must go round.
func TestLongChain(t *testing.T) {
	p := param([]float32{1, 2})
	tape := autograd.NewTape(autograd.Train, nil)
	y := tape.Use(p)
	one := tape.Const(tensor.FromSlice([]float32{1, 1}))
	for range 100_000 {
		y = autograd.Add(y, one)
	}
	tape.Backward(autograd.Sum(y))
	assert.Equal(t, []float32{1, 1}, float32s(tape.Grad(p)))
	assert.Equal(t, []float32{100_001, 100_002}, float32s(y.Value()))
	assert.Less(t, tape.Bytes(), 100_000*64+10*64, "values need a cache line each, gradients hardly any")
}

func TestGradBelongsToTheTape(t *testing.T) {
	p := param([]float32{3, 4})
	a, b := autograd.NewTape(autograd.Train, nil), autograd.NewTape(autograd.Train, nil)
	a.Backward(autograd.Sum(a.Use(p)))
	b.BackwardScaled(autograd.Sum(autograd.Mul(b.Use(p), b.Use(p))), 0.5)
	assert.Equal(t, []float32{1, 1}, float32s(a.Grad(p)))
	assert.Equal(t, []float32{3, 4}, float32s(b.Grad(p)))
}

func TestGradBeforeUseAndWithoutDependence(t *testing.T) {
	used, unused, other, frozen := param([]float32{1}), param([]float32{1}), param([]float32{1, 1, 1}, 3, 1), param([]float32{5})
	frozen.Frozen = true
	tape := autograd.NewTape(autograd.Train, nil)
	tape.Use(other)
	loss := autograd.Sum(autograd.Mul(tape.Use(used), tape.Use(frozen)))
	assert.Nil(t, tape.Grad(used), "before Backward")
	tape.Backward(loss)
	assert.Equal(t, []float32{5}, float32s(tape.Grad(used)))
	assert.Nil(t, tape.Grad(unused))
	assert.Nil(t, tape.Grad(frozen))
	assert.Equal(t, []int{3, 1}, tape.Grad(other).Shape())
	assert.Equal(t, []float32{0, 0, 0}, float32s(tape.Grad(other)), "used, but the loss does not depend on it")
	tape.Reset(nil)
	assert.Nil(t, tape.Grad(used), "after Reset")
}

// A gradient that an op hands on without a copy must come out in the parameter's shape, and must not be shared.
func TestPassedOnGradients(t *testing.T) {
	p, q := param([]float32{1, 2, 3, 4}, 2, 2), param([]float32{1, 1, 1, 1})
	tape := autograd.NewTape(autograd.Train, nil)
	sum := autograd.Add(autograd.Reshape(tape.Use(p), 4), tape.Use(q))
	y := autograd.Mul(autograd.Add(sum, sum), tape.Const(tensor.FromSlice([]float32{1, 2, 3, 4})))
	tape.Backward(autograd.Add(autograd.Sum(y), autograd.Sum(tape.Use(p))))
	assert.Equal(t, []int{2, 2}, tape.Grad(p).Shape())
	assert.Equal(t, []float32{3, 5, 7, 9}, float32s(tape.Grad(p)))
	assert.Equal(t, []float32{2, 4, 6, 8}, float32s(tape.Grad(q)))
}

// OnGrad must fire in the order in which gradients are complete, once each, and the gradient must be the final one then.
func TestOnGrad(t *testing.T) {
	first, shared, last, aside := param([]float32{2}), param([]float32{3}), param([]float32{4}), param([]float32{0})
	names := map[*autograd.Param]string{first: "first", shared: "shared", last: "last", aside: "aside"}
	tape := autograd.NewTape(autograd.Train, nil)
	var fired []string
	var grads []float32
	tape.OnGrad(func(p *autograd.Param) {
		fired = append(fired, names[p])
		grads = append(grads, float32s(tape.Grad(p))[0])
	})
	for range 2 { // Reset keeps the function
		tape.Reset(nil)
		y := autograd.Mul(tape.Use(first), tape.Use(first)) // 4
		y = autograd.Mul(y, tape.Use(shared))               // 12
		y = autograd.Mul(y, tape.Use(last))                 // 48
		tape.Use(aside)
		y = autograd.Mul(y, tape.Use(shared)) // 144 = first² · shared² · last
		tape.Backward(autograd.Sum(y))
	}
	once, values := []string{"aside", "last", "shared", "first"}, []float32{0, 36, 96, 144}
	assert.Equal(t, append(once, once...), fired)
	assert.Equal(t, append(values, values...), grads)
}

func TestGradsInto(t *testing.T) {
	a, b, outside := param([]float32{1, 2}, 2, 1), param([]float32{3}), param([]float32{4})
	set := autograd.NewSet([]*autograd.Param{a, b})
	flat := tensor.FromSlice([]float32{10, 20, 30})
	tape := autograd.NewTape(autograd.Train, nil)
	tape.GradsInto(set, flat)
	for step := range 2 {
		tape.Reset(nil)
		y := autograd.Add(autograd.Sum(tape.Use(a)), autograd.Mul(autograd.Reshape(tape.Use(b)), tape.Use(outside)))
		tape.Backward(autograd.Sum(y))
		k := float32(step + 1)
		assert.Equal(t, []float32{10 + k, 20 + k, 30 + 4*k}, float32s(flat), "step %d", step)
		assert.Equal(t, []int{2, 1}, tape.Grad(a).Shape())
		assert.Same(t, &float32s(flat)[0], &float32s(tape.Grad(a))[0], "Grad is a view of flat")
		assert.Equal(t, []float32{3}, float32s(tape.Grad(outside)), "a parameter outside the set")
	}
	tape.Reset(nil)
	tape.GradsInto(nil, nil)
	tape.Backward(autograd.Sum(tape.Use(a)))
	assert.Equal(t, []float32{12, 22, 38}, float32s(flat), "untouched once ended")
}

func TestSet(t *testing.T) {
	a, b, empty := param([]float32{1, 2, 3, 4}, 2, 2), param([]float32{5}), param(nil, 0)
	set := autograd.NewSet([]*autograd.Param{a, empty, b})
	assert.Equal(t, []float32{1, 2, 3, 4, 5}, float32s(set.Value()))
	assert.Equal(t, []int{2, 2}, a.Value().Shape())
	float32s(set.Value())[3] = 40
	assert.Equal(t, []float32{1, 2, 3, 40}, float32s(a.Value()), "Value is a view of the vector")
	lo, hi := set.Range(b)
	assert.Equal(t, [2]int{4, 5}, [2]int{lo, hi})
	lo, hi = set.Range(empty)
	assert.Equal(t, [2]int{4, 4}, [2]int{lo, hi})
	assert.Equal(t, 5, set.Len())

	again := autograd.NewSet([]*autograd.Param{b, a})
	assert.Equal(t, []float32{5, 1, 2, 3, 40}, float32s(again.Value()), "a later set takes over")
	assert.Zero(t, autograd.NewSet(nil).Len())
}

// Replicas: goroutines with a tape each over the same parameters. Run under -race.
func TestReplicasShareParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	w, b := tensor.New(tensor.Float32, 3, 5), tensor.New(tensor.Float32, 3)
	w.Normal(rng, 0, 1)
	b.Normal(rng, 0, 1)
	params := []*autograd.Param{autograd.NewParam(w), autograd.NewParam(b)}
	set := autograd.NewSet(params)
	const replicas = 8
	grads := make([]*tensor.Tensor, replicas)
	var wg sync.WaitGroup
	for r := range replicas {
		wg.Go(func() {
			flat := tensor.New(tensor.Float32, set.Len())
			tape := autograd.NewTape(autograd.Train, rand.New(rand.NewPCG(7, 7)))
			tape.GradsInto(set, flat)
			x := tensor.New(tensor.Float32, 4, 5)
			x.Normal(rand.New(rand.NewPCG(5, 5)), 0, 1)
			for range 20 {
				flat.Zero()
				tape.Reset(rand.New(rand.NewPCG(7, 7)))
				y := autograd.Dropout(autograd.Linear(tape.Const(x), tape.Use(params[0]), tape.Use(params[1])), 0.5)
				tape.Backward(autograd.SoftmaxCrossEntropy(y, tensor.FromSlice([]int64{0, 1, 2, 0})))
			}
			grads[r] = flat
		})
	}
	wg.Wait()
	for r := range grads {
		assert.True(t, grads[0].Equal(grads[r]), "replica %d computed other bits than replica 0", r)
	}
}

func TestInferRecordsNothing(t *testing.T) {
	p := param([]float32{1, 2})
	tape := autograd.NewTape(autograd.Infer, nil)
	y := autograd.Sum(autograd.Dropout(tape.Use(p), 0.9))
	assert.Equal(t, 3.0, y.Item(), "dropout does nothing, and asks for no generator")
	assert.Nil(t, tape.Grad(p))
	assert.PanicsWithValue(t, "autograd: Backward: the tape is in infer mode and has recorded nothing", func() { tape.Backward(y) })
}

func TestConstCopiesOnlyWhatHasGaps(t *testing.T) {
	x := tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	tape := autograd.NewTape(autograd.Train, nil)
	assert.Same(t, x, tape.Const(x).Value())
	assert.Equal(t, []float32{1, 3, 2, 4}, float32s(tape.Const(x.Transpose(0, 1)).Value()))
}

func TestMisusePanics(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	of := func(d tensor.DType, shape ...int) *autograd.Var { return tape.Const(tensor.New(d, shape...)) }
	f := func(shape ...int) *autograd.Var { return of(tensor.Float32, shape...) }
	p, q := param([]float32{1}), autograd.NewParam(tensor.New(tensor.Float64, 1))
	labels := func(n int) *tensor.Tensor { return tensor.New(tensor.Int64, n) }
	other := autograd.NewTape(autograd.Train, nil)
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"autograd: Add: shapes [2 3] and [4] do not broadcast", func() { autograd.Add(f(2, 3), f(4)) }},
		{"autograd: Mul: dtypes float32 and float64", func() { autograd.Mul(f(2), of(tensor.Float64, 2)) }},
		{"autograd: Sub: operands on two tapes", func() { autograd.Sub(f(2), other.Const(tensor.New(tensor.Float32, 2))) }},
		{"autograd: MatMul: shapes [2 3] and [4 5]: inner sizes 3 and 4 differ", func() { autograd.MatMul(f(2, 3), f(4, 5)) }},
		{"autograd: MatMul: shapes [2 3]ᵀ and [3 5]: inner sizes 2 and 3 differ", func() { autograd.MatMulTN(f(2, 3), f(3, 5)) }},
		{"autograd: MatMul: shapes [3] and [3 5]: both must have two axes or more", func() { autograd.MatMul(f(3), f(3, 5)) }},
		{"autograd: Linear: x [2 3] and w [4 5]: the last axis of x must be as long as the second of w [O, D]",
			func() { autograd.Linear(f(2, 3), f(4, 5), nil) }},
		{"autograd: Linear: w [4 3] and b [3]: b must be [4]", func() { autograd.Linear(f(2, 3), f(4, 3), f(3)) }},
		{"autograd: Conv2D: x [1 2 5 5] and w [3 4 3 3] with 1 groups: want [N, C, H, W] and [K, C/groups, R, S]",
			func() { autograd.Conv2D(f(1, 2, 5, 5), f(3, 4, 3, 3), nil, autograd.Conv2DOptions{}) }},
		{"autograd: Conv2D: w [3 2 3 3] and b [2]: b must be [3]",
			func() { autograd.Conv2D(f(1, 2, 5, 5), f(3, 2, 3, 3), f(2), autograd.Conv2DOptions{}) }},
		{"autograd: MaxPool2D: x [2 2]: want [N, C, H, W]", func() { autograd.MaxPool2D(f(2, 2), autograd.Pool2DOptions{R: 2, S: 2}) }},
		{"autograd: Sum: axis 2 of shape [2 3], which has 2 axes", func() { autograd.Sum(f(2, 3), 2) }},
		{"autograd: Softmax: shape [] has no last axis", func() { autograd.Softmax(f()) }},
		{"autograd: Flatten: shape []: there is no batch axis", func() { autograd.Flatten(f()) }},
		{"autograd: MSE: shapes [2] and [2 1] differ", func() { autograd.MSE(f(2), f(2, 1)) }},
		{"autograd: Dropout: probability 1.5 is not between 0 and 1", func() { autograd.Dropout(f(2), 1.5) }},
		{"autograd: Rand: a random op on a tape without a generator: pass one to NewTape or Reset", func() { autograd.Dropout(f(2), 0.5) }},
		{"autograd: SoftmaxCrossEntropy: x [2 3] and labels [3]: want [N, C] and [N]",
			func() { autograd.SoftmaxCrossEntropy(f(2, 3), labels(3)) }},
		{"autograd: SoftmaxCrossEntropy: labels are uint8, want int64 or int32",
			func() { autograd.SoftmaxCrossEntropy(f(2, 3), tensor.New(tensor.Uint8, 2)) }},
		{"autograd: Const: dtype int64: arithmetic is in float32 and float64", func() { tape.Const(labels(1)) }},
		{"autograd: Item: shape [2] has 2 elements, not one", func() { f(2).Item() }},
		{"autograd: Backward: the loss has shape [2], not one element: take Sum or Mean", func() { tape.Backward(f(2)) }},
		{"autograd: Backward: no parameter lies behind the loss: nothing to differentiate", func() { tape.Backward(f(1)) }},
		{"autograd: Backward: the loss is on another tape", func() { other.Backward(f(1)) }},
		{"autograd: NewParam: dtype int64: arithmetic is in float32 and float64", func() { autograd.NewParam(labels(1)) }},
		{"autograd: NewSet: parameters 0 and 2 are the same: list a shared parameter once",
			func() { autograd.NewSet([]*autograd.Param{p, param([]float32{1}), p}) }},
		{"autograd: NewSet: parameter 1 is float64, parameter 0 is float32: a set has one dtype",
			func() { autograd.NewSet([]*autograd.Param{p, q}) }},
		{"autograd: NewSet: parameter 0 is nil", func() { autograd.NewSet([]*autograd.Param{nil}) }},
		{"autograd: Set.Range: the parameter is not in the set", func() { autograd.NewSet(nil).Range(p) }},
		{"autograd: GradsInto: flat is float32 [3], the set float64 [1]",
			func() { other.GradsInto(autograd.NewSet([]*autograd.Param{q}), tensor.New(tensor.Float32, 3)) }},
		{"autograd: GradsInto: parameters have been used already: call it right after NewTape or Reset",
			func() { tape.Use(p); tape.GradsInto(nil, nil) }},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
}

func TestLabelError(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	for _, label := range []int64{-1, 3} {
		got := recovered(func() {
			autograd.SoftmaxCrossEntropy(tape.Const(tensor.New(tensor.Float32, 2, 3)), tensor.FromSlice([]int64{2, label}))
		})
		assert.Equal(t, &autograd.LabelError{Op: "SoftmaxCrossEntropy", Row: 1, Label: label, Classes: 3}, got)
	}
	assert.EqualError(t, &autograd.LabelError{Op: "SoftmaxCrossEntropy", Row: 1, Label: 3, Classes: 3},
		"autograd: SoftmaxCrossEntropy: row 1 has label 3, but the logits have 3 classes (0 to 2)")
}

func recovered(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

// After the first steps a step must allocate nothing but what the ops' kernels do: a step here makes some 30 tensors and as many
// records.
func TestStepsDoNotAllocate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	normal := func(shape ...int) *tensor.Tensor {
		x := tensor.New(tensor.Float32, shape...)
		x.Normal(rng, 0, 1)
		return x
	}
	w1, b1 := autograd.NewParam(normal(32, 20)), autograd.NewParam(normal(32))
	w2, b2 := autograd.NewParam(normal(10, 32)), autograd.NewParam(normal(10))
	x, labels := normal(16, 20), tensor.New(tensor.Int64, 16)
	tape := autograd.NewTape(autograd.Train, rng)
	step := func() {
		tape.Reset(rng)
		h := autograd.ReLU(autograd.Linear(tape.Const(x), tape.Use(w1), tape.Use(b1)))
		h = autograd.Dropout(h, 0.1)
		tape.Backward(autograd.SoftmaxCrossEntropy(autograd.Linear(h, tape.Use(w2), tape.Use(b2)), labels))
		tape.Grad(w1)
	}
	step()
	held := tape.Bytes()
	assert.LessOrEqual(t, alloctest.PerRun(50, step), uint64(4), "heap allocations a step")
	assert.Equal(t, held, tape.Bytes(), "a tape that repeats its step needs no more memory")
}
