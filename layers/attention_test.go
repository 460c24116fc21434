package layers_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// attention.json is written by testdata/attention.py.
func TestAttentionAsPyTorch(t *testing.T) {
	mask := tensor.New(tensor.Float64, 3, 5)
	for at, v := range map[int]float64{2: math.Inf(-1), 5 + 4: 0.7, 10: -1.5} {
		tensor.Data[float64](mask)[at] = v
	}
	padding := tensor.New(tensor.Bool, 2, 5)
	tensor.Data[bool](padding)[4], tensor.Data[bool](padding)[5+1] = true, true
	attend := func(m layers.Masks) torchCase {
		return torchCase{
			model: func() any { return layers.NewMultiheadAttention(seeded(), 4, 2) },
			run: func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
				for len(x) < 3 {
					x = append(x, x[len(x)-1])
				}
				m := m
				if m.Mask != nil {
					m.Mask = m.Mask.Cast(x[0].DType())
				}
				return []*autograd.Var{model.(*layers.MultiheadAttention).Attend(t, x[0], x[1], x[2], m)}
			},
		}
	}
	of := func(l func() any) torchCase { return torchCase{model: l} }
	config := layers.TransformerConfig{Features: 4, Heads: 2, Hidden: 6}
	first := config
	first.NormFirst = true
	gelu := first
	gelu.Activation = layers.GELU{}
	checkTorch(t, "attention.json", map[string]torchCase{
		"MultiheadAttention to itself":  attend(layers.Masks{}),
		"MultiheadAttention, causal":    attend(layers.Masks{Causal: true}),
		"MultiheadAttention to others":  attend(layers.Masks{}),
		"MultiheadAttention with masks": attend(layers.Masks{Mask: mask, KeyPadding: padding}),
		"MultiheadAttention of other features": {
			model: func() any { return layers.NewCrossAttention(seeded(), 4, 3, 5, 2) },
			run:   attend(layers.Masks{KeyPadding: padding}).run,
		},
		"TransformerEncoderLayer":                   of(func() any { return layers.NewTransformerEncoderLayer(seeded(), config) }),
		"TransformerEncoderLayer, norm first, GELU": of(func() any { return layers.NewTransformerEncoderLayer(seeded(), gelu) }),
		"TransformerEncoder": {
			model: func() any { return layers.NewTransformerEncoder(seeded(), 2, first) },
			run: func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
				return []*autograd.Var{model.(*layers.TransformerEncoder).Encode(t, x[0], layers.Masks{Causal: true})}
			},
		},
		"TransformerDecoder": {
			model: func() any { return layers.NewTransformerDecoder(seeded(), 2, config) },
			run: func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
				return []*autograd.Var{model.(*layers.TransformerDecoder).Decode(t, x[0], x[1], layers.Masks{Causal: true}, layers.Masks{KeyPadding: padding})}
			},
		},
	})
}

// Longer sequences than a block of Attention, with and without masks, against softmax written out. In float64 sums of a few
// hundred terms of order one agree to 1e-12.
func TestAttentionInBlocks(t *testing.T) {
	const b, tq, tk, heads, d = 1, 70, 300, 2, 3
	for _, causal := range []bool{false, true} {
		rng := seeded()
		params := make([]*autograd.Param, 3)
		for i, steps := range []int{tq, tk, tk} {
			x := tensor.New(tensor.Float64, b, steps, heads*d)
			x.Normal(rng, 0, 1)
			params[i] = autograd.NewParam(x)
		}
		r := tensor.New(tensor.Float64, b, tq, heads*d)
		r.Normal(rng, 0, 1)
		run := func(attend func(q, k, v *autograd.Var) *autograd.Var) (y *tensor.Tensor, grads []*tensor.Tensor) {
			tape := autograd.NewTape(autograd.Train, nil)
			out := attend(tape.Use(params[0]), tape.Use(params[1]), tape.Use(params[2]))
			tape.Backward(autograd.Sum(autograd.Mul(out, tape.Const(r))))
			for _, p := range params {
				grads = append(grads, tape.Grad(p))
			}
			return out.Value(), grads
		}
		y, grads := run(func(q, k, v *autograd.Var) *autograd.Var {
			return autograd.Attention(q, k, v, autograd.AttentionOptions{Heads: heads, Causal: causal})
		})
		hidden := tensor.New(tensor.Float64, tq, tk)
		for i := range tq {
			for j := i + tk - tq + 1; causal && j < tk; j++ {
				tensor.Data[float64](hidden)[i*tk+j] = math.Inf(-1)
			}
		}
		want, wantGrads := run(func(q, k, v *autograd.Var) *autograd.Var {
			parts := make([]*autograd.Var, heads)
			for h := range heads {
				head := func(x *autograd.Var) *autograd.Var {
					return autograd.Reshape(autograd.Slice(x, 2, h*d, (h+1)*d), x.Dim(1), d)
				}
				s := autograd.Scale(autograd.MatMulNT(head(q), head(k)), 1/math.Sqrt(d))
				w := autograd.Softmax(autograd.Add(s, q.Tape().Const(hidden)))
				parts[h] = autograd.Reshape(autograd.MatMul(w, head(v)), 1, tq, d)
			}
			return autograd.Concat(2, parts...)
		})
		closeTo(t, "result", want, y)
		for i := range grads {
			closeTo(t, "gradient", wantGrads[i], grads[i])
		}
	}
}

// What rotary attention sees depends on distances alone: moving all steps on by the same number changes nothing.
func TestRotaryIsRelative(t *testing.T) {
	x := tensor.New(tensor.Float64, 1, 6, 8)
	x.Normal(seeded(), 0, 1)
	tape := autograd.NewTape(autograd.Infer, nil)
	cos, sin := autograd.RotaryTables(tensor.Float64, 40, 4, 10000)
	products := func(offset int) *tensor.Tensor {
		q := autograd.Reshape(autograd.Rotary(tape.Const(x), cos, sin, 2, offset), 6, 8)
		return autograd.MatMulNT(q, q).Value()
	}
	closeTo(t, "product", products(0), products(30))
	plain := autograd.Reshape(tape.Const(x), 6, 8)
	assert.False(t, products(0).Equal(autograd.MatMulNT(plain, plain).Value()))
}

// The first numbers are those of the paper's formula.
func TestSinusoidalEncoding(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	y := layers.NewSinusoidalEncoding().Forward(tape, tape.Const(tensor.New(tensor.Float64, 1, 3, 4)))
	want := []float64{0, 1, 0, 1, math.Sin(1), math.Cos(1), math.Sin(0.01), math.Cos(0.01), math.Sin(2), math.Cos(2), math.Sin(0.02), math.Cos(0.02)}
	assert.InDeltaSlice(t, want, tensor.Data[float64](y.Value()), 1e-15)
	assert.PanicsWithValue(t, "layers: LearnedEncoding: x [1 6 4], want [N, T, 4] with T at most 5", func() {
		layers.NewLearnedEncoding(seeded(), 5, 4).Forward(tape, tape.Const(tensor.New(tensor.Float32, 1, 6, 4)))
	})
}

func TestAttentionRefuses(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	of := func(features int) *autograd.Var { return tape.Const(tensor.New(tensor.Float32, 1, 3, features)) }
	for want, do := range map[string]func(){
		"layers: MultiheadAttention: q [1 3 4], k [1 3 4], v [1 3 2]: want [N, T, 4]": func() {
			layers.NewMultiheadAttention(seeded(), 4, 2).Attend(tape, of(4), of(4), of(2), layers.Masks{})
		},
		"layers: MultiheadAttention: q [1 3 4], k [1 3 5], v [1 3 5]: want 4, 3 and 5 features": func() {
			layers.NewCrossAttention(seeded(), 4, 3, 5, 2).Attend(tape, of(4), of(5), of(5), layers.Masks{})
		},
		"layers: NewCrossAttention: keys = 0, want > 0": func() { layers.NewCrossAttention(seeded(), 4, 0, 5, 2) },
	} {
		assert.PanicsWithValue(t, want, do)
	}
}
