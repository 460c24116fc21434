package autograd

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/tensor"
)

// Mode says what a tape is for.
type Mode int

const (
	Train Mode = iota // ops are recorded, dropout drops, normalisation uses the batch's statistics
	Infer             // nothing is recorded, and layers behave as in use
)

// String returns "train" or "infer".
func (m Mode) String() string {
	if m == Infer {
		return "infer"
	}
	return "train"
}

// Tape records one step. It belongs to one goroutine at a time.
type Tape struct {
	mode   Mode
	rng    *rand.Rand
	pool   tensor.Pool
	vars   varList
	record arena[node]
	params map[*Param]*Var
	onGrad func(p *Param)
	guard  bool
	parts  []*Tape // of checkpoints, to be used again

	used      []*Param // in order of first use
	forgetful bool     // a part of a checkpoint, run for its result alone: nothing is recorded though the mode is Train

	piece   func(lo, hi int) // of each: doPiece, and what it does
	loop    loop
	looping *node
	passes  passes // of BatchNorm

	onOp      func(name string, in []*Var, out *Var)
	onObserve func(b *Buffer, rate float64, sample *tensor.Tensor)

	statSync StatSync

	set  *Set // GradsInto
	flat *tensor.Tensor
}

// NewTape returns an empty tape. Random ops such as Dropout draw from rng, which may be nil if nothing draws.
func NewTape(m Mode, rng *rand.Rand) *Tape {
	if m != Train && m != Infer {
		panic(fmt.Sprintf("autograd: NewTape: no such mode: %d", m))
	}
	t := &Tape{mode: m, rng: rng, params: make(map[*Param]*Var)}
	t.piece = t.doPiece
	return t
}

// Reset forgets the record and takes back the memory of every value and gradient of the tape. Its Vars are stale from
// now on: to use one panics. Tensors got from them, by Value or Grad, must not be read any more, for the next step
// writes over them; on a guarded tape they read as NaN (see Guard). What the next step needs is cloned, or carried over
// by a [layers.Carry]. The next step draws from rng. Mode, OnGrad and GradsInto stay.
//
// [layers.Carry]: https://pkg.go.dev/github.com/tutti-ml/tutti/layers#Carry
func (t *Tape) Reset(rng *rand.Rand) {
	t.rng = rng
	if t.guard {
		t.poison()
	}
	t.pool.Reset()
	t.vars.reset()
	t.record.reset()
	clear(t.params)
	clear(t.used)
	t.used = t.used[:0]
}

// Training reports whether the tape's mode is Train.
func (t *Tape) Training() bool { return t.mode == Train }

// Rand returns the generator that random ops draw from. It panics if the tape has none.
func (t *Tape) Rand() *rand.Rand {
	if t.rng == nil {
		panic("autograd: Rand: a random op on a tape without a generator: pass one to NewTape or Reset")
	}
	return t.rng
}

// SetRand makes random ops draw from rng from now on.
func (t *Tape) SetRand(rng *rand.Rand) { t.rng = rng }

// Bytes returns how much memory the tape holds for values and gradients, in use or waiting for the next step.
func (t *Tape) Bytes() int {
	bytes := t.pool.Bytes()
	for _, p := range t.parts {
		bytes += p.Bytes()
	}
	return bytes
}

// Const returns x as a Var that needs no gradient. The elements are not copied unless x is not contiguous: do not change
// them before the tape is Reset. It panics unless x is Float32 or Float64.
func (t *Tape) Const(x *tensor.Tensor) *Var {
	mustFloat("Const", x)
	if !x.IsContiguous() {
		c := t.pool.New(x.DType(), x.Shape()...)
		c.CopyFrom(x)
		x = c
	} else if t.pool.Owns(x) { // another Var's: Release takes memory back through one of them alone
		x = t.pool.Reshape(x, x.Shape()...)
	}
	return t.newVar(x)
}

// Use returns p as a Var whose gradient Backward computes, unless p is Frozen or the tape infers. Every Use of one
// parameter between two Resets returns the same Var.
func (t *Tape) Use(p *Param) *Var {
	if p == nil {
		panic("autograd: Use: the parameter is nil: was its layer made by its constructor?")
	}
	if v, ok := t.params[p]; ok {
		return v
	}
	v := t.newVar(p.value)
	v.param, v.needs = p, t.mode == Train && !p.Frozen && !t.forgetful
	t.params[p] = v
	t.used = append(t.used, p)
	if v.needs {
		// The record remembers the first use, because a walk backwards that gets there has met every op that used p.
		n := t.record.next()
		n.reset(useOp, t)
		n.out = v
		if t.set != nil && t.set.holds("Use", p) {
			lo, hi := t.set.Range(p)
			v.grad, v.external = t.pool.Slice(t.flat, 0, lo, hi), true
		}
	}
	return v
}

// useOp marks the first use of a parameter in the record; it computes nothing.
var useOp = &op{name: "Use"}

// Grad returns the gradient of p added up by Backward since the last Reset, in p's shape: zeros if no loss depended on p,
// nil if p was not used or is Frozen, or before the first Backward. It belongs to the tape, or is a view of the tensor
// given to GradsInto.
func (t *Tape) Grad(p *Param) *tensor.Tensor {
	v := t.params[p]
	if v == nil {
		return nil
	}
	if t.densify(v); v.grad == nil {
		return nil
	}
	return t.pool.Reshape(v.grad, v.Shape()...)
}

// OnGrad makes Backward call fn for every parameter used since the last Reset, the moment its gradient is complete: when
// the walk has passed the parameter's first use. So the last layer's come first, while the first layers are still to do.
// The call is made once a parameter and Backward, on Backward's goroutine; nil ends it.
func (t *Tape) OnGrad(fn func(p *Param)) { t.onGrad = fn }

// GradsInto makes gradients of s's parameters add into flat, a contiguous tensor laid out as s.Value, from now on and
// across Resets. The caller zeroes it when a new sum begins; it is not zeroed here. Grad then returns views of it. A
// nil s ends it. It panics if length or dtype disagree, if s is stale (see Set), or if parameters have been used since
// the last Reset.
func (t *Tape) GradsInto(s *Set, flat *tensor.Tensor) {
	if len(t.params) > 0 {
		panic("autograd: GradsInto: parameters have been used already: call it right after NewTape or Reset")
	}
	if s != nil {
		s.mustHold("GradsInto")
	}
	if s != nil && (flat.Rank() != 1 || flat.Len() != s.Len() || flat.DType() != s.DType() || !flat.IsContiguous()) {
		panic(fmt.Sprintf("autograd: GradsInto: flat is %v %v, the set %v [%d]", flat.DType(), flat.Shape(), s.DType(), s.Len()))
	}
	t.set, t.flat = s, flat
}

func (t *Tape) newVar(x *tensor.Tensor) *Var {
	v := t.vars.next()
	v.tape, v.value = t, x
	return v
}

const arenaChunk = 128

// arena hands out records one after another and takes them all back at once. Their addresses never change.
type arena[T any] struct {
	chunks [][]T
	n      int
}

// next returns a record that holds whatever it held when it was last in use.
func (a *arena[T]) next() *T {
	if a.n == len(a.chunks)*arenaChunk {
		a.chunks = append(a.chunks, make([]T, arenaChunk))
	}
	r := a.at(a.n)
	a.n++
	return r
}

func (a *arena[T]) at(i int) *T { return &a.chunks[i/arenaChunk][i%arenaChunk] }

func (a *arena[T]) reset() { a.n = 0 }
