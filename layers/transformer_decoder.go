package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// TransformerDecoderLayer is self-attention, attention to what an encoder returned (the memory), and a feed-forward part, each
// added to its input and normalised as in TransformerEncoderLayer.
//
//	x [N, T, E]   memory [N, S, E]   y as x
//
// PyTorch's TransformerDecoderLayer with batch_first. Source: Vaswani et al., arXiv:1706.03762.
type TransformerDecoderLayer struct {
	SelfAttn, MultiheadAttn *MultiheadAttention
	Linear1, Linear2        *Linear
	Norm1, Norm2, Norm3     *LayerNorm

	config TransformerConfig
}

// NewTransformerDecoderLayer returns a layer whose parameters are drawn as those of its parts.
func NewTransformerDecoderLayer(rng *rand.Rand, c TransformerConfig) *TransformerDecoderLayer {
	c = c.withDefaults()
	return &TransformerDecoderLayer{
		SelfAttn: c.attention(rng, c.Rotary), MultiheadAttn: c.attention(rng, nil),
		Linear1: NewLinear(rng, c.Features, c.Hidden), Linear2: NewLinear(rng, c.Hidden, c.Features),
		Norm1: NewLayerNorm(c.Features), Norm2: NewLayerNorm(c.Features), Norm3: NewLayerNorm(c.Features), config: c,
	}
}

// Decode returns y. self hides steps of x from each other, as Masks{Causal: true} does those to come; cross hides steps of the
// memory.
func (l *TransformerDecoderLayer) Decode(t *autograd.Tape, x, memory *autograd.Var, self, cross Masks) *autograd.Var {
	x = l.config.residual(t, x, l.Norm1, func(x *autograd.Var) *autograd.Var { return l.SelfAttn.Attend(t, x, x, x, self) })
	x = l.config.residual(t, x, l.Norm2, func(x *autograd.Var) *autograd.Var {
		return l.MultiheadAttn.Attend(t, x, memory, memory, cross)
	})
	return l.config.residual(t, x, l.Norm3, func(x *autograd.Var) *autograd.Var {
		return l.config.feedForward(t, x, l.Linear1, l.Linear2)
	})
}

// TransformerDecoder is a stack of decoder layers, with a normalisation at its end if Norm is not nil.
//
//	x [N, T, E]   memory [N, S, E]   y as x
type TransformerDecoder struct {
	Layers []*TransformerDecoderLayer
	Norm   *LayerNorm
}

// NewTransformerDecoder returns a stack of so many layers; with NormFirst, and a norm at its end.
func NewTransformerDecoder(rng *rand.Rand, layers int, c TransformerConfig) *TransformerDecoder {
	positive("NewTransformerDecoder", "layers", layers)
	d := &TransformerDecoder{}
	for range layers {
		d.Layers = append(d.Layers, NewTransformerDecoderLayer(rng, c))
	}
	if c.NormFirst {
		d.Norm = NewLayerNorm(c.Features)
	}
	return d
}

// Decode returns y; for the masks see TransformerDecoderLayer.Decode.
func (l *TransformerDecoder) Decode(t *autograd.Tape, x, memory *autograd.Var, self, cross Masks) *autograd.Var {
	for i, layer := range l.Layers {
		x = within("Layers", i, layer, func() *autograd.Var { return layer.Decode(t, x, memory, self, cross) })
	}
	if l.Norm != nil {
		x = l.Norm.Forward(t, x)
	}
	return x
}
