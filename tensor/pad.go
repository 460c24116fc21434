package tensor

// This file puts margins around tensors.

import (
	"fmt"
	"slices"
)

// Pads is how many elements go before and after an axis. A negative number takes so many away.
type Pads struct{ Before, After int }

// Pad returns x with margins of v along its axes, the last one first, as PyTorch counts: with two Pads an image [N, C, H, W]
// grows in width and height. v is converted to x's dtype as Full does.
func Pad(x *Tensor, v float64, pads ...Pads) *Tensor {
	dst := New(x.dtype, paddedShape("Pad", x, pads)...)
	PadTo(dst, x, v, pads...)
	return dst
}

// PadTo stores x with margins of v in dst.
func PadTo(dst, x *Tensor, v float64, pads ...Pads) {
	mustDType("Pad", dst, x.dtype)
	mustPad("Pad", dst, x, pads)
	to, from := headers.Get().(*Tensor), headers.Get().(*Tensor)
	dst.aliasInto(to)
	x.aliasInto(from)
	margin, inside := false, x.n > 0
	for i, p := range pads {
		a := len(x.shape) - 1 - i
		margin = margin || p.Before > 0 || p.After > 0
		lo, hi := max(0, -p.Before), x.shape[a]-max(0, -p.After) // what is left of x
		if inside = inside && lo < hi; inside {
			from.sliceInto(from, a, lo, hi)
			to.sliceInto(to, a, lo+p.Before, hi+p.Before)
		}
	}
	if margin {
		dst.fill(v)
	}
	if inside {
		to.CopyFrom(from)
	}
	to.data, from.data = nil, nil
	headers.Put(to)
	headers.Put(from)
}

// A PadMode says what a margin is made of.
type PadMode int

const (
	Edge    PadMode = iota // the outermost element, repeated: c b a|a b c|c c
	Reflect                // the mirror image without the outermost element: c b|a b c|b a
	Wrap                   // the other end: b c|a b c|a b
)

// PadWith returns x with margins made of its own elements, along its axes as Pad counts them. Margins are not negative; an
// axis with a margin is not empty, and under Reflect a margin is shorter than the axis, under Wrap no longer.
func PadWith(mode PadMode, x *Tensor, pads ...Pads) *Tensor {
	paddedShape("PadWith", x, pads)
	for i, p := range pads {
		a := len(x.shape) - 1 - i
		n := x.shape[a]
		if p == (Pads{}) {
			continue
		}
		most := map[PadMode]int{Edge: p.Before + p.After, Reflect: n - 1, Wrap: n}[mode]
		if n == 0 || p.Before < 0 || p.After < 0 || max(p.Before, p.After) > most {
			panic(fmt.Sprintf("tensor: PadWith: margins %d and %d of axis %d, which is %d long", p.Before, p.After, a, n))
		}
		index := make([]int64, 0, p.Before+n+p.After)
		for j := -p.Before; j < n+p.After; j++ {
			index = append(index, int64(mode.source(j, n)))
		}
		x = Take(x, a, FromSlice(index))
	}
	return x.Contiguous()
}

// source returns which of n elements stands at place j, which may be in a margin.
func (m PadMode) source(j, n int) int {
	switch {
	case m == Wrap:
		return (j + n) % n
	case m == Reflect && j < 0:
		return -j
	case m == Reflect && j >= n:
		return 2*(n-1) - j
	default:
		return min(max(j, 0), n-1)
	}
}

func paddedShape(op string, x *Tensor, pads []Pads) []int {
	if len(pads) > len(x.shape) {
		panic(fmt.Sprintf("tensor: %s: margins for %d axes of shape %v", op, len(pads), x.shape))
	}
	shape := slices.Clone(x.shape)
	for i, p := range pads {
		a := len(shape) - 1 - i
		shape[a] += p.Before + p.After
		if shape[a] < 0 {
			panic(fmt.Sprintf("tensor: %s: margins %d and %d of axis %d, which is %d long", op, p.Before, p.After, a, x.shape[a]))
		}
	}
	return shape
}

func mustPad(op string, dst, x *Tensor, pads []Pads) {
	ok := len(dst.shape) == len(x.shape) && len(pads) <= len(x.shape)
	for i := 0; ok && i < len(x.shape); i++ {
		want := fromLast(x.shape, i)
		if i < len(pads) {
			want += pads[i].Before + pads[i].After
		}
		ok = fromLast(dst.shape, i) == want
	}
	if !ok {
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v, the result's %v", op, dst.shape, paddedShape(op, x, slices.Clone(pads))))
	}
}
