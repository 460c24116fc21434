package gradtest

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// TestBothFormsAtSpecialPoints compares what Backward and Gradients say where functions bend, tie, overflow or have no
// derivative: the first row of every op is given zeros, infinities, NaN, the smallest and largest numbers, and the
// bounds of activations, in every element, in one, and two kinds at a time.
func TestBothFormsAtSpecialPoints(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Ops {
		op, _, _ := strings.Cut(c.Name, " ")
		if repeats := seen[op] && !bounded.MatchString(c.Name); repeats || c.Few || !Twice(c) {
			continue
		}
		seen[op] = true
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.bothForms(t, tensor.Float32, 3e-4, 1e-37)
			c.bothForms(t, tensor.Float64, 1e-10, 1e-300)
		})
	}
	assert.Greater(t, len(seen), 60, "ops looked at")
}

var (
	// bounded are the ops with more than one row that bends in its own places.
	bounded = regexp.MustCompile(`^(Clamp|Norm [^½−]|Pow) `)
	// centred are the ops that take a mean off their operand. Of equal or large numbers what is left is rounding, in
	// the order of each form's own sums; overflow and infinities are left out.
	centred = regexp.MustCompile(`^(BatchNorm|LayerNorm|GroupNorm|RMSNorm|Variance|Std)`)
	// chained are the ops whose partial results leave the range in an order that differs between the forms: extremes
	// are left out.
	chained = regexp.MustCompile(`^(Prod|CumProd)`)
	// blocked is what goes through blocks: extreme products leave no digits of log Σ exp, which Backward keeps of each
	// query, and NaN of a query may reach keys that a mask hides in one form and not in the other.
	blocked = regexp.MustCompile(`Attention`)
	// floors are the errors of results far below one. GELU's rule has Φ as what is left of 1 + erf; Norm's divides in
	// the dtype.
	floors = map[string]float64{"GELU": 2e-7, "Norm 1½": 1e-20, "Attention": 1e-4, "SelfAttention": 1e-4}
)

func (c Case) bothForms(t *testing.T, d tensor.DType, tol, least float64) {
	op, _, _ := strings.Cut(c.Name, ",")
	least = max(least, floors[op])
	if d == tensor.Float64 {
		least = min(least, 1e-12)
	}
	if centred.MatchString(c.Name) {
		least = 0.1 * tol
	}
	for _, f := range c.fills(d) {
		x := c.tensors(d)
		f.put(x)
		_, back := c.run(x, once)
		w, _ := c.gradients(x)
		for i, g := range back {
			if g == nil {
				continue
			}
			vars := float64s(w.g[i].Value())
			for j := range g {
				if !alike(g[j], vars[j], tol, least) {
					t.Errorf("%v, %s: gradient of input %d, element %d at %v: Backward says %v, Gradients %v",
						d, f.name, i, j, float64s(x[i])[j], g[j], vars[j])
					break
				}
			}
		}
	}
}

// alike takes NaN for NaN and an infinity for itself.
func alike(a, b, tol, least float64) bool {
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return a == b
	}
	return a != a && b != b || math.Abs(a-b) <= tol*max(math.Abs(a), math.Abs(b))+least
}

// specials returns what functions may stumble over, and bounds where those of the table bend.
func specials(d tensor.DType) (odd, bounds []float64) {
	tiny, small, large, most := math.SmallestNonzeroFloat32, 1e-30, 1e30, math.MaxFloat32
	if d == tensor.Float64 { // by the same code: no bounds
		tiny, small, large, most = math.SmallestNonzeroFloat64, 1e-200, 1e200, math.MaxFloat64
	}
	odd = []float64{0, math.Inf(1), math.Inf(-1), math.NaN(), tiny, -most, math.Copysign(0, -1), -small, large}
	if d == tensor.Float64 {
		return odd, nil
	}
	return odd, []float64{1, -1, 0.5, -0.5, 0.6, 2, -1.5, 6, 3, -3, -20, 100}
}

// fill is one way to put special numbers into the inputs of a case.
type fill struct {
	name string
	put  func(x []*tensor.Tensor)
}

func (c Case) fills(d tensor.DType) (all []fill) {
	odd, bounds := specials(d)
	for k := range c.Inputs {
		for i, v := range append(odd[:len(odd):len(odd)], bounds...) {
			if !c.takes(k, v) {
				continue
			}
			all = append(all, fill{fmt.Sprintf("input %d is %v", k, v), func(x []*tensor.Tensor) { x[k].Fill(v) }})
			if i < len(odd) {
				begins := fmt.Sprintf("input %d begins with %v", k, v)
				all = append(all, fill{begins, func(x []*tensor.Tensor) { setAt(x[k], 0, v) }})
			}
		}
	}
	if centred.MatchString(c.Name) || d == tensor.Float64 {
		return all
	}
	for _, v := range odd[:6] {
		for _, w := range append(odd[:6:6], 1) {
			if !c.takes(0, v) || !c.takes(1, w) {
				continue
			}
			all = append(all, fill{fmt.Sprintf("%v meets %v", v, w), func(x []*tensor.Tensor) {
				if len(x) > 1 {
					x[0].Fill(v)
					x[1].Fill(w)
					return
				}
				for i := range x[0].Len() {
					setAt(x[0], i, [2]float64{v, w}[i%2])
				}
			}})
		}
	}
	return all
}

// takes reports whether v is a number at which the forms can be compared in input k.
func (c Case) takes(k int, v float64) bool {
	extreme := v != 0 && (math.Abs(v) < 1e-20 || math.Abs(v) > 1e20) && !math.IsInf(v, 0)
	switch {
	case centred.MatchString(c.Name):
		return !extreme && (v-v == 0 || k == 0 && v != v)
	case chained.MatchString(c.Name):
		return !extreme
	case blocked.MatchString(c.Name):
		return !extreme && v-v == 0
	case c.Name == "BinaryCrossEntropy": // of probabilities
		return !(v < 0 || v > 1)
	}
	return true
}

func setAt(x *tensor.Tensor, i int, v float64) {
	switch {
	case x.Len() == 0:
	case x.DType() == tensor.Float32:
		tensor.Data[float32](x)[i] = float32(v)
	default:
		tensor.Data[float64](x)[i] = v
	}
}
