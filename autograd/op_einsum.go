package autograd

import (
	"fmt"
	"slices"
	"strings"
)

// Einsum returns the sum of products that spec writes in Einstein's notation: a letter for every axis of every operand, separated
// by commas, and behind "->" the letters of the result's axes. Letters that the result lacks are summed over; a letter that comes
// twice in an operand takes its diagonal. Without "->" the result has, in alphabetical order, the letters that come once.
//
//	Einsum("bhqd,bhkd->bhqk", q, k)   attention scores      Einsum("ij->ji", x)   transpose
//	Einsum("ij,ij->i", a, b)          a dot product a row   Einsum("ii->", x)     trace
//
// Operands are multiplied from left to right, each pair as one batched MatMul.
func Einsum(spec string, x ...*Var) *Var {
	e := parseEinsum(spec, x)
	acc := e.term(0)
	for i := range x[1:] {
		acc = e.multiply(acc, e.term(i+1), i+2)
	}
	return e.finish(acc)
}

// einsumOp names Einsum, which is made of other ops.
var einsumOp = &op{name: "Einsum"}

type einsum struct {
	in   []string
	out  string
	x    []*Var
	dims map[rune]int
}

// term is a value and the letters of its axes.
type term struct {
	v       *Var
	letters string
}

func parseEinsum(spec string, x []*Var) *einsum {
	bad := func(format string, args ...any) {
		einsumOp.panicf("%q: %s", spec, fmt.Sprintf(format, args...))
	}
	s := strings.ReplaceAll(spec, " ", "")
	left, out, explicit := strings.Cut(s, "->")
	e := &einsum{in: strings.Split(left, ","), out: out, x: slices.Clone(x), dims: map[rune]int{}}
	if len(e.in) != len(x) {
		bad("%d operands named, %d given", len(e.in), len(x))
	}
	times := map[rune]int{}
	for i, letters := range e.in {
		if len(letters) != x[i].Rank() {
			bad("operand %d is named %q, but has shape %v", i, letters, x[i].Shape())
		}
		for k, l := range letters {
			if (l < 'a' || l > 'z') && (l < 'A' || l > 'Z') {
				bad("%q is not a letter", l)
			}
			d := x[i].Dim(k)
			if had, ok := e.dims[l]; ok && had != d {
				bad("axis %q is %d long, and %d in operand %d of shape %v", l, had, d, i, x[i].Shape())
			}
			e.dims[l] = d
			times[l]++
		}
	}
	if !explicit {
		var once []rune
		for l, n := range times {
			if n == 1 {
				once = append(once, l)
			}
		}
		slices.Sort(once)
		e.out = string(once)
	}
	for i, l := range e.out {
		if times[l] == 0 {
			bad("axis %q of the result is in no operand", l)
		}
		if strings.ContainsRune(e.out[:i], l) {
			bad("axis %q comes twice in the result", l)
		}
	}
	return e
}

// term returns operand i with its diagonals taken.
func (e *einsum) term(i int) term {
	t := term{e.x[i], e.in[i]}
	for k := 0; k < len(t.letters); k++ {
		if j := strings.IndexByte(t.letters[k+1:], t.letters[k]); j >= 0 {
			j += k + 1
			l := t.letters[k : k+1]
			t = term{Diagonal(t.v, k, j), t.letters[:k] + t.letters[k+1:j] + t.letters[j+1:] + l}
			k--
		}
	}
	return t
}

// multiply returns a·b, summed over the letters that neither the result nor an operand from next on has.
func (e *einsum) multiply(a, b term, next int) term {
	wanted := e.out + strings.Join(e.in[next:], "")
	a, b = e.sumOut(a, wanted+b.letters), e.sumOut(b, wanted+a.letters)
	var batch, contracted, freeA, freeB string
	for _, l := range a.letters {
		switch {
		case !strings.ContainsRune(b.letters, l):
			freeA += string(l)
		case strings.ContainsRune(wanted, l):
			batch += string(l)
		default:
			contracted += string(l)
		}
	}
	for _, l := range b.letters {
		if !strings.ContainsRune(a.letters, l) {
			freeB += string(l)
		}
	}
	va := Reshape(a.as(batch+freeA+contracted), e.size(batch), e.size(freeA), e.size(contracted))
	vb := Reshape(b.as(batch+freeB+contracted), e.size(batch), e.size(freeB), e.size(contracted))
	letters := batch + freeA + freeB
	shape := make([]int, 0, maxRank)
	for _, l := range letters {
		shape = append(shape, e.dims[l])
	}
	return term{Reshape(MatMulNT(va, vb), shape...), letters}
}

func (e *einsum) finish(t term) *Var { return e.sumOut(t, e.out).as(e.out) }

// sumOut sums t over the letters that are not wanted.
func (e *einsum) sumOut(t term, wanted string) term {
	var axes []int
	kept := ""
	for k, l := range t.letters {
		if strings.ContainsRune(wanted, l) {
			kept += string(l)
		} else {
			axes = append(axes, k)
		}
	}
	if len(axes) == 0 {
		return t
	}
	return term{Sum(t.v, axes...), kept}
}

// size returns the number of elements that the letters' axes have.
func (e *einsum) size(letters string) int {
	n := 1
	for _, l := range letters {
		n *= e.dims[l]
	}
	return n
}

// as returns t with its axes in the order of letters.
func (t term) as(letters string) *Var {
	if letters == t.letters {
		return t.v
	}
	order := make([]int, 0, maxRank)
	for i := range letters {
		order = append(order, strings.IndexByte(t.letters, letters[i]))
	}
	return Permute(t.v, order...)
}
