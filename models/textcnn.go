package models

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
)

// TextCNNConfig says what a TextCNN looks like. Words and Classes are needed.
type TextCNNConfig struct {
	Words, Classes int
	Features       int     // of a word's vector; 0 means 300, the paper's
	Filters        int     // of each width; 0 means 100, the paper's
	Widths         []int   // in words; nil means 3, 4 and 5, the paper's
	Dropout        float64 // of what is found, while training; 0.5 in the paper
}

// TextCNN puts sequences of words in classes by the phrases in them: filters several words wide, of each the place where it fits
// best, and a linear layer.
//
//	x [N, T] words, T at least the widest filter   y [N, Classes] logits
//
// Source: Kim, "Convolutional neural networks for sentence classification", arXiv:1408.5882.
type TextCNN struct {
	Words *layers.Embedding
	Convs []*layers.Conv2D // filters [Filters, 1, width, Features] over the words' vectors one below the other
	Head  *layers.Linear

	widest  int
	dropout float64
}

// NewTextCNN returns a TextCNN; its words' vectors are drawn from the standard normal distribution.
func NewTextCNN(rng *rand.Rand, c TextCNNConfig) *TextCNN {
	c.Features, c.Filters = cmp.Or(c.Features, 300), cmp.Or(c.Filters, 100)
	if c.Widths == nil {
		c.Widths = []int{3, 4, 5}
	}
	m := &TextCNN{Words: layers.NewEmbedding(rng, c.Words, c.Features), dropout: c.Dropout}
	for _, w := range c.Widths {
		m.Convs = append(m.Convs, layers.NewConv2D(rng, layers.Conv2DConfig{In: 1, Out: c.Filters, Kernel: w, KernelW: c.Features}))
		m.widest = max(m.widest, w)
	}
	m.Head = layers.NewLinear(rng, c.Filters*len(c.Widths), c.Classes)
	return m
}

// Forward returns the logits of x.
func (m *TextCNN) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if x.Rank() != 2 || x.Dim(1) < m.widest {
		panic(fmt.Sprintf("models: TextCNN: x %v, want [N, T] with T at least %d", x.Shape(), m.widest))
	}
	y := m.Words.Forward(t, x)
	y = autograd.Reshape(y, x.Dim(0), 1, x.Dim(1), y.Dim(2))
	found := make([]*autograd.Var, len(m.Convs))
	for i, c := range m.Convs {
		z := autograd.ReLU(c.Forward(t, y)) // [N, Filters, places, 1]
		found[i] = autograd.Max(z, 2, 3)
	}
	return m.Head.Forward(t, autograd.Dropout(autograd.Concat(1, found...), m.dropout))
}
