package models

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// NeuMF is neural collaborative filtering: how much a user will like an item, from a product of their vectors (generalised matrix
// factorisation) and from a perceptron over another pair of vectors, joined by a linear layer.
//
//	columns user [N] and item [N], numbers from 0, Int64 or Int32   y [N, 1] logits
//
// Train it with layers.BCEWithLogits on what was liked and on items drawn at random that were not. Source: He et al.,
// arXiv:1708.05031.
type NeuMF struct {
	UserGMF, ItemGMF *layers.Embedding
	UserMLP, ItemMLP *layers.Embedding
	MLP              layers.Sequential
	Predict          *layers.Linear
}

// NeuMFConfig says what a NeuMF looks like. Users and Items are needed.
type NeuMFConfig struct {
	Users, Items int
	Factors      int   // length of the vectors that are multiplied; default 8
	Hidden       []int // sizes of the perceptron's layers, the first twice its vectors' length and so even; default 64, 32, 16, 8
	Sparse       bool  // train.Run exchanges and steps only the rows that a batch looks up: see layers.Embedding.SetSparse
}

// NewNeuMF returns a NeuMF, its vectors drawn from the normal distribution of standard deviation 0.01.
func NewNeuMF(rng *rand.Rand, c NeuMFConfig) *NeuMF {
	factors, hidden := cmp.Or(c.Factors, 8), c.Hidden
	if hidden == nil {
		hidden = []int{64, 32, 16, 8}
	}
	if len(hidden) == 0 || hidden[0]%2 != 0 {
		panic(fmt.Sprintf("models: NewNeuMF: Hidden = %v, want at least one size, the first even", hidden))
	}
	table := func(rows, features int) *layers.Embedding {
		l := layers.NewEmbedding(rng, rows, features)
		layers.Normal(0, 0.01)(rng, l.Weight.Value())
		l.Weight.Sparse = c.Sparse
		return l
	}
	m := &NeuMF{
		UserGMF: table(c.Users, factors), ItemGMF: table(c.Items, factors),
		UserMLP: table(c.Users, hidden[0]/2), ItemMLP: table(c.Items, hidden[0]/2),
	}
	for i := 1; i < len(hidden); i++ {
		l := layers.NewLinear(rng, hidden[i-1], hidden[i])
		layers.XavierUniform(rng, l.Weight.Value())
		m.MLP = append(m.MLP, l, layers.ReLU{})
	}
	m.Predict = layers.NewLinear(rng, factors+hidden[len(hidden)-1], 1)
	return m
}

// ForwardColumns is Score of a batch's columns "user" and "item".
func (m *NeuMF) ForwardColumns(t *autograd.Tape, in layers.Columns) *autograd.Var {
	return m.Score(t, in.Col("user"), in.Col("item"))
}

// Score returns logits [N, 1] for users and items [N], both Int64 or Int32.
func (m *NeuMF) Score(t *autograd.Tape, users, items *tensor.Tensor) *autograd.Var {
	product := autograd.Mul(m.UserGMF.Lookup(t, users), m.ItemGMF.Lookup(t, items))
	both := autograd.Concat(1, m.UserMLP.Lookup(t, users), m.ItemMLP.Lookup(t, items))
	return m.Predict.Forward(t, autograd.Concat(1, product, m.MLP.Forward(t, both)))
}
