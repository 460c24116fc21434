package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// TransformerConfig says what the layers of a transformer look like. Features and Heads are needed.
type TransformerConfig struct {
	Features, Heads int
	Hidden          int     // units of the feed-forward part; 0 means 4·Features
	Dropout         float64 // while training, of attention's weights and of what each part adds; 0.1 in the paper
	Activation      Layer   // of the feed-forward part, without parameters; nil means ReLU, as in the paper
	// NormFirst normalises what goes into each part, rather than the sum that comes out: deep stacks train without warm-up. The
	// stack then needs a norm at its end. Source: Xiong et al., arXiv:2002.04745.
	NormFirst bool
	Rotary    *Rotary // turns queries and keys of self-attention; nil means not
}

func (c TransformerConfig) withDefaults() TransformerConfig {
	if c.Hidden == 0 {
		c.Hidden = 4 * c.Features
	}
	if c.Activation == nil {
		c.Activation = ReLU{}
	}
	return c
}

// TransformerEncoderLayer is self-attention and a feed-forward part, each added to its input, with a normalisation after the
// sum, or before the part if NormFirst:
//
//	x ← Norm1(x + SelfAttn(x))   y = Norm2(x + Linear2(act(Linear1(x))))
//
//	x [N, T, E]   y as x
//
// PyTorch's TransformerEncoderLayer with batch_first. Source: Vaswani et al., arXiv:1706.03762.
type TransformerEncoderLayer struct {
	SelfAttn         *MultiheadAttention
	Linear1, Linear2 *Linear
	Norm1, Norm2     *LayerNorm

	config TransformerConfig
}

// NewTransformerEncoderLayer returns a layer whose parameters are drawn as those of its parts.
func NewTransformerEncoderLayer(rng *rand.Rand, c TransformerConfig) *TransformerEncoderLayer {
	c = c.withDefaults()
	return &TransformerEncoderLayer{
		SelfAttn: c.attention(rng, c.Rotary),
		Linear1:  NewLinear(rng, c.Features, c.Hidden), Linear2: NewLinear(rng, c.Hidden, c.Features),
		Norm1: NewLayerNorm(c.Features), Norm2: NewLayerNorm(c.Features), config: c,
	}
}

func (c TransformerConfig) attention(rng *rand.Rand, r *Rotary) *MultiheadAttention {
	a := NewMultiheadAttention(rng, c.Features, c.Heads)
	a.Dropout, a.Rotary = c.Dropout, r
	return a
}

// residual returns x + part(norm(x)), or norm(x + part(x)), with dropout on what the part adds.
func (c TransformerConfig) residual(t *autograd.Tape, x *autograd.Var, norm *LayerNorm, part func(x *autograd.Var) *autograd.Var) *autograd.Var {
	if c.NormFirst {
		return autograd.Add(x, autograd.Dropout(part(norm.Forward(t, x)), c.Dropout))
	}
	return norm.Forward(t, autograd.Add(x, autograd.Dropout(part(x), c.Dropout)))
}

// feedForward is the part that looks at each step by itself.
func (c TransformerConfig) feedForward(t *autograd.Tape, x *autograd.Var, in, out *Linear) *autograd.Var {
	return out.Forward(t, autograd.Dropout(c.Activation.Forward(t, in.Forward(t, x)), c.Dropout))
}

// Forward returns y without masks.
func (l *TransformerEncoderLayer) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return l.Encode(t, x, Masks{})
}

// Encode returns y where self-attention does not see what m hides.
func (l *TransformerEncoderLayer) Encode(t *autograd.Tape, x *autograd.Var, m Masks) *autograd.Var {
	x = l.config.residual(t, x, l.Norm1, func(x *autograd.Var) *autograd.Var { return l.SelfAttn.Attend(t, x, x, x, m) })
	return l.config.residual(t, x, l.Norm2, func(x *autograd.Var) *autograd.Var {
		return l.config.feedForward(t, x, l.Linear1, l.Linear2)
	})
}

// TransformerEncoder is a stack of encoder layers, with a normalisation at its end if Norm is not nil.
//
//	x [N, T, E]   y as x
type TransformerEncoder struct {
	Layers []*TransformerEncoderLayer
	Norm   *LayerNorm
}

// NewTransformerEncoder returns a stack of so many layers; with NormFirst, and a norm at its end.
func NewTransformerEncoder(rng *rand.Rand, layers int, c TransformerConfig) *TransformerEncoder {
	positive("NewTransformerEncoder", "layers", layers)
	e := &TransformerEncoder{}
	for range layers {
		e.Layers = append(e.Layers, NewTransformerEncoderLayer(rng, c))
	}
	if c.NormFirst {
		e.Norm = NewLayerNorm(c.Features)
	}
	return e
}

// Forward returns y without masks.
func (l *TransformerEncoder) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return l.Encode(t, x, Masks{})
}

// Encode returns y where self-attention does not see what m hides.
func (l *TransformerEncoder) Encode(t *autograd.Tape, x *autograd.Var, m Masks) *autograd.Var {
	for i, layer := range l.Layers {
		x = within("Layers", i, layer, func() *autograd.Var { return layer.Encode(t, x, m) })
	}
	if l.Norm != nil {
		x = l.Norm.Forward(t, x)
	}
	return x
}
