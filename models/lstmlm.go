package models

import (
	"cmp"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
)

// LSTMConfig says what an LSTMLanguageModel looks like.
type LSTMConfig struct {
	Words    int     // of the vocabulary, > 0
	Features int     // of a word's vector and of each LSTM layer; 0 means 650, the paper's medium size
	Layers   int     // 0 means 2
	Dropout  float64 // of vectors, between layers and of results, while training; 0.5 in the paper
	Tied     bool    // one table for words that come and words that follow. Source: Press and Wolf, arXiv:1608.05859
}

// LSTMLanguageModel predicts each next word from the words so far with a stack of LSTMs.
//
//	x [N, T] words   y [N, T, Words] logits
//
// Source: Zaremba, Sutskever and Vinyals, "Recurrent neural network regularization", arXiv:1409.2329. The names are those of
// PyTorch's word_language_model example.
type LSTMLanguageModel struct {
	Encoder *layers.Embedding
	RNN     *layers.LSTM
	Decoder *layers.Linear

	dropout float64
}

// NewLSTMLanguageModel returns a model whose table and decoder are drawn evenly from ±0.1, as in the example.
func NewLSTMLanguageModel(rng *rand.Rand, c LSTMConfig) *LSTMLanguageModel {
	features := cmp.Or(c.Features, 650)
	stack := layers.RecurrentConfig{In: features, Units: features, Layers: cmp.Or(c.Layers, 2), Dropout: c.Dropout}
	m := &LSTMLanguageModel{
		Encoder: layers.NewEmbedding(rng, c.Words, features),
		RNN:     layers.NewLSTM(rng, stack),
		Decoder: layers.NewLinear(rng, features, c.Words),
		dropout: c.Dropout,
	}
	m.Encoder.Weight.Value().Uniform(rng, -0.1, 0.1)
	m.Decoder.Weight.Value().Uniform(rng, -0.1, 0.1)
	m.Decoder.Bias.Value().Zero()
	if c.Tied {
		m.Decoder.Weight = m.Encoder.Weight
	}
	return m
}

// Forward returns logits for the word after each of x.
func (m *LSTMLanguageModel) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y, _ := m.Continue(t, x, nil)
	return y
}

// Continue is Forward from the state that reading earlier words left; nil is the beginning. To train on long texts piece by piece,
// hand the values of the last state on as constants of the next tape.
func (m *LSTMLanguageModel) Continue(t *autograd.Tape, x *autograd.Var, start []layers.State) (y *autograd.Var, last []layers.State) {
	y = autograd.Dropout(m.Encoder.Forward(t, x), m.dropout)
	y, last = m.RNN.Run(t, y, start, nil)
	return m.Decoder.Forward(t, autograd.Dropout(y, m.dropout)), last
}
