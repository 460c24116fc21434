package models

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Language models read sequences of words, as numbers from 0, and return logits for the word that follows each of
// them. Words come as whole numbers of a floating-point type: of integers in a batch's first column train makes them
// (layers.Input).

// NextWord is the loss of a language model: the mean over all places of −log of the probability of the word that
// follows.
//
//	y [N, T, V] logits   target [N, T] Int64
type NextWord struct{ layers.CrossEntropy }

// Loss returns the mean cross-entropy. It panics with an *autograd.LabelError if a word is out of range.
func (l NextWord) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.CrossEntropy.Loss(t, autograd.Reshape(y, -1, y.Dim(-1)), target.Reshape(target.Len()))
}
