package models

import (
	"cmp"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
)

// TransformerSizes says what GPT and TransformerClassifier look like. Words is needed; zero means the defaults given.
type TransformerSizes struct {
	Words    int     // of the vocabulary
	Steps    int     // longest sequence; 0 means 1024
	Features int     // 0 means 768
	Heads    int     // 0 means Features/64, at least 1
	Layers   int     // 0 means 12
	Dropout  float64 // while training; 0.1 in the papers
	Rotary   bool    // turn queries and keys by their places instead of adding a learned vector
}

func (c TransformerSizes) withDefaults() TransformerSizes {
	c.Steps, c.Features, c.Layers = cmp.Or(c.Steps, 1024), cmp.Or(c.Features, 768), cmp.Or(c.Layers, 12)
	c.Heads = cmp.Or(c.Heads, max(1, c.Features/64))
	return c
}

// stack returns the encoder that both models are built on: normalisation first, GELU.
func (c TransformerSizes) stack(rng *rand.Rand) *layers.TransformerEncoder {
	l := layers.TransformerConfig{Features: c.Features, Heads: c.Heads, Dropout: c.Dropout, NormFirst: true, Activation: layers.GELU{}}
	if c.Rotary {
		l.Rotary = &layers.Rotary{}
	}
	return layers.NewTransformerEncoder(rng, c.Layers, l)
}

// embed returns the vectors of words, and of their places unless attention turns by them.
func (c TransformerSizes) embed(rng *rand.Rand) (*layers.Embedding, *layers.LearnedEncoding) {
	words := layers.NewEmbedding(rng, c.Words, c.Features)
	words.Weight.Value().Normal(rng, 0, 0.02)
	if c.Rotary {
		return words, nil
	}
	return words, layers.NewLearnedEncoding(rng, c.Steps, c.Features)
}

// GPT predicts each next word from the words so far with a stack of transformer layers, of which each step sees itself and what
// came before. The table of words is also the last layer.
//
//	x [N, T] words, T at most Steps   y [N, T, Words] logits
//
// Source: Radford et al., "Language models are unsupervised multitask learners" (GPT-2), 2019.
type GPT struct {
	Words  *layers.Embedding
	Places *layers.LearnedEncoding
	Blocks *layers.TransformerEncoder

	dropout float64
}

// NewGPT returns a GPT. Its tables are drawn from the normal distribution of deviation 0.02, as in the paper.
func NewGPT(rng *rand.Rand, c TransformerSizes) *GPT {
	c = c.withDefaults()
	words, places := c.embed(rng)
	return &GPT{Words: words, Places: places, Blocks: c.stack(rng), dropout: c.Dropout}
}

// Forward returns logits for the word after each of x.
func (m *GPT) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y := m.Words.Forward(t, x)
	if m.Places != nil {
		y = m.Places.Forward(t, y)
	}
	y = m.Blocks.Encode(t, autograd.Dropout(y, m.dropout), layers.Masks{Causal: true})
	return autograd.Linear(y, t.Use(m.Words.Weight), nil)
}

// TransformerClassifier puts sequences of words in classes: a stack of transformer layers, of which each step sees all others, and
// a linear layer on the mean of the steps.
//
//	x [N, T] words, T at most Steps   y [N, classes] logits
//
// Sources: Vaswani et al., arXiv:1706.03762 (the encoder); Devlin et al., arXiv:1810.04805 (classifying with it).
type TransformerClassifier struct {
	Words   *layers.Embedding
	Places  *layers.LearnedEncoding
	Encoder *layers.TransformerEncoder
	Head    *layers.Linear

	dropout float64
}

// NewTransformerClassifier returns a classifier. Its tables are drawn from the normal distribution of deviation 0.02.
func NewTransformerClassifier(rng *rand.Rand, c TransformerSizes, classes int) *TransformerClassifier {
	c = c.withDefaults()
	words, places := c.embed(rng)
	return &TransformerClassifier{words, places, c.stack(rng), layers.NewLinear(rng, c.Features, classes), c.Dropout}
}

// Forward returns the logits of x.
func (m *TransformerClassifier) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y := m.Words.Forward(t, x)
	if m.Places != nil {
		y = m.Places.Forward(t, y)
	}
	y = m.Encoder.Forward(t, autograd.Dropout(y, m.dropout))
	return m.Head.Forward(t, autograd.Mean(y, 1))
}
