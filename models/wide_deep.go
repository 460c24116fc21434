package models

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// WideDeep joins a linear model over many sparse features, which remembers, and a deep one over embeddings and dense features,
// which generalises.
//
//	wide [N, W] numbers of the sparse features that are present (crosses of others, as a rule), all from one vocabulary
//	deep [N, len(Fields)] the value of each categorical field   dense [N, Dense]   y [N, Classes] logits
//
// They are columns of those names: wide and deep of Int64, dense of Float32 and only if there are dense features.
//
// Source: Cheng et al., arXiv:1606.07792.
type WideDeep struct {
	Wide   *layers.EmbeddingBag // a weight for each sparse feature and class
	Tables []*layers.Embedding
	Deep   layers.Sequential
	Bias   *autograd.Param

	dense bool // there are dense features
}

// WideDeepConfig says what a WideDeep looks like. Features and Fields are needed.
type WideDeepConfig struct {
	Features  int   // how many sparse features there are; the last, Features−1, means "none" and fills short rows
	Fields    []int // number of values of each categorical field
	Dense     int   // dense features
	Embedding int   // length of a field's vectors; default 8
	Hidden    []int // sizes of the deep part's layers; default 100, 75, 50, 25
	Classes   int   // default 1: a yes-or-no question
	Sparse    bool  // train.Run exchanges and steps only the rows that a batch looks up: see layers.Embedding.SetSparse
}

// NewWideDeep returns a WideDeep. The wide part starts at zero.
func NewWideDeep(rng *rand.Rand, c WideDeepConfig) *WideDeep {
	length, hidden, classes := cmp.Or(c.Embedding, 8), c.Hidden, cmp.Or(c.Classes, 1)
	if hidden == nil {
		hidden = []int{100, 75, 50, 25}
	}
	m := &WideDeep{
		Wide: layers.NewEmbeddingBag(rng, c.Features, classes, autograd.BagSum),
		Bias: autograd.NewParam(tensor.New(tensor.Float32, classes)), dense: c.Dense > 0,
	}
	m.Wide.Weight.Value().Zero()
	m.Wide.Weight.Sparse = c.Sparse
	m.Wide.Padded, m.Wide.Padding = true, c.Features-1
	for _, values := range c.Fields {
		table := layers.NewEmbedding(rng, values, length)
		layers.Normal(0, 0.1)(rng, table.Weight.Value())
		table.Weight.Sparse = c.Sparse
		m.Tables = append(m.Tables, table)
	}
	m.Deep = MLP(rng, append(append([]int{len(c.Fields)*length + c.Dense}, hidden...), classes)...)
	return m
}

// ForwardColumns is Forward of a batch's columns "wide", "deep" and, if there are dense features, "dense".
func (m *WideDeep) ForwardColumns(t *autograd.Tape, in layers.Columns) *autograd.Var {
	var dense *autograd.Var
	if m.dense {
		dense = layers.Input(t, in.Col("dense"), m.Bias.Value().DType())
	}
	return m.Forward(t, in.Col("wide"), in.Col("deep"), dense)
}

// Forward returns logits. wide and deep are Int64; dense may be nil if there are no dense features.
func (m *WideDeep) Forward(t *autograd.Tape, wide, deep *tensor.Tensor, dense *autograd.Var) *autograd.Var {
	if deep.Rank() != 2 || deep.Dim(1) != len(m.Tables) {
		panic(fmt.Sprintf("models: WideDeep: deep %v, want [N, %d]", deep.Shape(), len(m.Tables)))
	}
	parts := make([]*autograd.Var, 0, len(m.Tables)+1)
	for i, table := range m.Tables {
		parts = append(parts, table.Lookup(t, deep.Slice(1, i, i+1).Contiguous().Reshape(deep.Dim(0))))
	}
	if dense != nil {
		parts = append(parts, dense)
	}
	y := autograd.Add(m.Wide.Lookup(t, wide, nil, nil), m.Deep.Forward(t, autograd.Concat(1, parts...)))
	return autograd.Add(y, t.Use(m.Bias))
}
