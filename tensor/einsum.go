package tensor

// This file contracts tensors by Einstein's summation convention.
//
// An equation is taken apart into labels; labels that only one operand has and the result lacks are summed at once; then pairs
// of operands are contracted, the cheapest pair first, each as a batched matrix product, until one is left.

import (
	"fmt"
	"slices"
	"strings"
)

// Einsum returns the sum of products that the equation spells: each operand's axes have labels, letters, and each element of
// the result is the sum, over all labels that the result lacks, of the products of the elements with these indices.
//
//	Einsum("ik,kj->ij", a, b)    matrix product             Einsum("bhqd,bhkd->bhqk", q, k)  scores of attention
//	Einsum("ii->i", a)           diagonal                   Einsum("i,j->ij", u, v)          outer product
//	Einsum("...ij->...ji", a)    transposed matrices        Einsum("ij", a)                  "ij->ij"
//
// "..." stands for the axes without a label, which broadcast, aligned from the last; axes of length 1 broadcast too,
// but not to the other axis of a diagonal. Without "->" the result has "..." and then the labels that occur once, in
// alphabetical order. Spaces mean nothing. Float32 and Float64. It panics if the equation does not parse or does not
// fit the shapes.
//
// Cost: that of the products, on blas, of the pairs; a pair without labels to sum is multiplied element by element.
func Einsum(equation string, ts ...*Tensor) *Tensor {
	e := parseEinsum(equation, ts)
	terms := make([]term, len(ts))
	for i, t := range ts {
		if t.dtype != ts[0].dtype {
			panic(fmt.Sprintf("tensor: Einsum: dtypes %v and %v", ts[0].dtype, t.dtype))
		}
		if t.dtype != Float32 && t.dtype != Float64 {
			panic(fmt.Sprintf("tensor: Einsum: dtype %v is not one it works on", t.dtype))
		}
		terms[i] = e.term(t, e.in[i])
	}
	for len(terms) > 1 {
		i, j := e.cheapest(terms)
		a, b := terms[i], terms[j]
		terms = slices.Delete(terms, j, j+1)
		terms = slices.Delete(terms, i, i+1)
		needed := e.needed(terms)
		terms = append(terms, e.contract(a.summed(needed, b.labels), b.summed(needed, a.labels), needed))
	}
	last := terms[0].summed(e.out, nil)
	// What is left has all the labels of the result, in some order, but those along which nothing moved.
	order, missing := []int{}, []int{}
	for k, l := range e.out {
		if i := slices.Index(last.labels, l); i >= 0 {
			order = append(order, i)
		} else {
			missing = append(missing, k)
		}
	}
	shape := make([]int, len(e.out))
	for k, l := range e.out {
		shape[k] = e.size[l]
	}
	return last.t.Permute(order...).Unsqueeze(missing...).Expand(shape...).Clone()
}

// einsum is an equation: labels of each operand and of the result, and how long each is. An axis under "..." has a negative
// label, −1 for the last.
type einsum struct {
	in   [][]rune
	out  []rune
	size map[rune]int
}

// A term is a tensor with a label for each axis, none twice.
type term struct {
	t      *Tensor
	labels []rune
}

func parseEinsum(equation string, ts []*Tensor) *einsum {
	fail := func(format string, args ...any) {
		panic(fmt.Sprintf("tensor: Einsum: %q: ", equation) + fmt.Sprintf(format, args...))
	}
	left, right, explicit := strings.Cut(strings.ReplaceAll(equation, " ", ""), "->")
	ins := strings.Split(left, ",")
	if len(ins) != len(ts) || len(ts) == 0 {
		fail("%d operands, %d tensors", len(ins), len(ts))
	}
	e := &einsum{size: map[rune]int{}}
	dots := 0 // the most axes that any "..." stands for
	count := map[rune]int{}
	for i, in := range ins {
		before, after, has := strings.Cut(in, "...")
		labels := []rune(before)
		hidden := ts[i].Rank() - len(before) - len(after)
		if hidden < 0 || hidden > 0 && !has {
			fail("operand %q has shape %v", in, ts[i].shape)
		}
		for k := hidden; k > 0; k-- {
			labels = append(labels, rune(-k))
		}
		dots = max(dots, hidden)
		labels = append(labels, []rune(after)...)
		for a, l := range labels {
			if l >= 0 && !isLabel(l) {
				fail("%q is not a label", l)
			}
			count[l]++
			n := ts[i].shape[a]
			if k := slices.Index(labels[:a], l); k >= 0 && ts[i].shape[k] != n {
				fail("label %c is %d and %d long in operand %q of shape %v", l, ts[i].shape[k], n, in, ts[i].shape)
			}
			if was, ok := e.size[l]; ok && was != n && was != 1 && n != 1 {
				if l < 0 {
					fail("axes of %d and %d do not broadcast", was, n)
				}
				fail("label %c is %d and %d long", l, was, n)
			} else if !ok || was == 1 {
				e.size[l] = n
			}
		}
		e.in = append(e.in, labels)
	}
	hidden := make([]rune, 0, dots)
	for k := dots; k > 0; k-- {
		hidden = append(hidden, rune(-k))
	}
	if !explicit {
		for l, n := range count {
			if l >= 0 && n == 1 {
				e.out = append(e.out, l)
			}
		}
		slices.Sort(e.out)
		e.out = append(hidden, e.out...)
		return e
	}
	before, after, has := strings.Cut(right, "...")
	e.out = []rune(before)
	if has {
		e.out = append(e.out, hidden...)
	}
	e.out = append(e.out, []rune(after)...)
	for k, l := range e.out {
		if slices.Contains(e.out[:k], l) {
			fail("label %c is twice in the result", l)
		}
		if l >= 0 && (!isLabel(l) || count[l] == 0) {
			fail("label %c of the result is in no operand", l)
		}
	}
	return e
}

func isLabel(l rune) bool { return 'a' <= l && l <= 'z' || 'A' <= l && l <= 'Z' }

// term takes the diagonal along labels that t has twice, and drops axes of length 1 that broadcast.
func (e *einsum) term(t *Tensor, labels []rune) term {
	labels = slices.Clone(labels)
	for i := 0; i < len(labels); i++ {
		if t.shape[i] == 1 && e.size[labels[i]] != 1 {
			t, labels = t.Select(i, 0), slices.Delete(labels, i, i+1)
			i--
			continue
		}
		if j := slices.Index(labels[:i], labels[i]); j >= 0 {
			t = t.Diagonal(0, j, i)
			l := labels[i]
			labels = append(slices.Delete(slices.Delete(labels, i, i+1), j, j+1), l)
			i = -1 // the axes have moved
		}
	}
	return term{t, labels}
}

// needed returns the labels that the result or one of the terms has.
func (e *einsum) needed(terms []term) []rune {
	all := slices.Clone(e.out)
	for _, t := range terms {
		all = append(all, t.labels...)
	}
	return all
}

// cheapest returns the pair whose product of sizes, the cost of contracting it, is least.
func (e *einsum) cheapest(terms []term) (i, j int) {
	best := -1.0
	for p := range terms {
		for q := p + 1; q < len(terms); q++ {
			cost := 1.0
			for _, n := range terms[p].t.shape {
				cost *= float64(n)
			}
			for k, l := range terms[q].labels {
				if !slices.Contains(terms[p].labels, l) {
					cost *= float64(terms[q].t.shape[k])
				}
			}
			if best < 0 || cost < best {
				best, i, j = cost, p, q
			}
		}
	}
	return i, j
}

// summed sums over the labels that are neither needed nor shared.
func (t term) summed(needed, shared []rune) term {
	var axes []int
	var labels []rune
	for i, l := range t.labels {
		if slices.Contains(needed, l) || slices.Contains(shared, l) {
			labels = append(labels, l)
		} else {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return t
	}
	return term{Sum(t.t, axes...), labels}
}

// contract multiplies two terms and sums over the labels that both have and that are not needed.
func (e *einsum) contract(a, b term, needed []rune) term {
	var batch, free, sum, other []rune
	for _, l := range a.labels {
		switch {
		case !slices.Contains(b.labels, l):
			free = append(free, l)
		case slices.Contains(needed, l):
			batch = append(batch, l)
		default:
			sum = append(sum, l)
		}
	}
	for _, l := range b.labels {
		if !slices.Contains(a.labels, l) {
			other = append(other, l)
		}
	}
	labels := slices.Concat(batch, free, other)
	if len(sum) == 0 || len(free)+len(other) == 0 {
		x := a.arrange(slices.Concat(batch, free, make([]rune, len(other)), sum))
		y := b.arrange(slices.Concat(batch, make([]rune, len(free)), other, sum))
		product := Mul(x, y)
		if len(sum) > 0 {
			axes := make([]int, len(sum))
			for i := range axes {
				axes[i] = len(labels) + i
			}
			product = Sum(product, axes...)
		}
		return term{product, labels}
	}
	x := a.arrange(slices.Concat(batch, free, sum)).grouped(len(batch), len(free), len(sum))
	y := b.arrange(slices.Concat(batch, sum, other)).grouped(len(batch), len(sum), len(other))
	shape := make([]int, len(labels))
	for k, l := range labels {
		shape[k] = e.size[l]
	}
	return term{MatMul(x, y).Reshape(shape...), labels}
}

// arrange returns the tensor with its axes in the order of labels; label 0 makes a new axis of length 1.
func (t term) arrange(labels []rune) *Tensor {
	var order, missing []int
	for k, l := range labels {
		if l == 0 {
			missing = append(missing, k)
		} else {
			order = append(order, slices.Index(t.labels, l))
		}
	}
	return t.t.Permute(order...).Unsqueeze(missing...)
}

// grouped returns t with three axes, made of the first a, the next b and the last c: a view if memory allows, else a copy.
func (t *Tensor) grouped(a, b, c int) *Tensor {
	v := new(Tensor)
	v.data, v.n, v.dtype = t.data, t.n, t.dtype
	v.setRank(3)
	at := 0
	for g, k := range [3]int{a, b, c} {
		n, by := 1, 0
		for i := at + k - 1; i >= at; i-- {
			switch {
			case t.shape[i] == 1:
			case n == 1:
				n, by = t.shape[i], t.strides[i]
			case t.strides[i] == n*by:
				n *= t.shape[i]
			default: // no step leads from the end of one axis to the next of the other
				var shape [3]int
				at = 0
				for h, k := range [3]int{a, b, c} {
					shape[h] = 1
					for _, s := range t.shape[at : at+k] {
						shape[h] *= s
					}
					at += k
				}
				return t.Contiguous().Reshape(shape[:]...)
			}
		}
		v.shape[g], v.strides[g] = n, by
		at += k
	}
	v.restride()
	return v
}
