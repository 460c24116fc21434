package tensor_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// byHand computes an equation with "->" and without "..." by looping over all labels.
func byHand(equation string, ts []*tensor.Tensor) (shape []int, want []float64) {
	left, out, _ := strings.Cut(equation, "->")
	ins := strings.Split(left, ",")
	labels, sizes := []rune(out), []int{}
	size := map[rune]int{}
	for i, in := range ins {
		for a, l := range []rune(in) {
			size[l] = max(size[l], ts[i].Dim(a))
			if ts[i].Dim(a) == 0 {
				size[l] = 0
			}
			if !strings.ContainsRune(string(labels), l) {
				labels = append(labels, l)
			}
		}
	}
	for _, l := range labels {
		sizes = append(sizes, size[l])
	}
	shape = sizes[:len(out)]
	n := 1
	for _, s := range shape {
		n *= s
	}
	want = make([]float64, n)
	eachIndex(sizes, func(_ int, index []int) {
		at, product := 0, 1.0
		for k := range out {
			at = at*sizes[k] + index[k]
		}
		for i, in := range ins {
			var where []int
			for a, l := range []rune(in) {
				j := index[strings.IndexRune(string(labels), l)]
				where = append(where, min(j, ts[i].Dim(a)-1))
			}
			product *= value(ts[i], where...)
		}
		want[at] += product
	})
	return shape, want
}

func TestEinsum(t *testing.T) {
	rng := newRand(61)
	for _, c := range []struct {
		equation string
		shapes   [][]int
	}{
		{"ij->ij", [][]int{{2, 3}}}, {"ij->ji", [][]int{{2, 3}}}, {"ij->", [][]int{{2, 3}}}, {"ij->j", [][]int{{2, 3}}}, {"ii->i", [][]int{{3, 3}}},
		{"ii->", [][]int{{3, 3}}}, {"iijj->ji", [][]int{{2, 2, 3, 3}}}, {"iii->i", [][]int{{3, 3, 3}}}, {"ijkii->kji", [][]int{{2, 3, 4, 2, 2}}},
		{"i,i->", [][]int{{5}, {5}}}, {"i,i->i", [][]int{{5}, {5}}}, {"i,j->ij", [][]int{{5}, {4}}}, {"i,j->ji", [][]int{{5}, {4}}},
		{"ik,kj->ij", [][]int{{3, 4}, {4, 5}}}, {"ki,jk->ji", [][]int{{4, 3}, {5, 4}}}, {"bik,bkj->bij", [][]int{{2, 3, 4}, {2, 4, 5}}},
		{"bqhd,bkhd->bhqk", [][]int{{2, 5, 3, 4}, {2, 6, 3, 4}}}, {"ab,bc,cd->ad", [][]int{{2, 3}, {3, 4}, {4, 5}}},
		{"abc,bd,cde->ae", [][]int{{2, 3, 4}, {3, 5}, {4, 5, 6}}}, {"ij,jk->", [][]int{{2, 3}, {3, 4}}}, {"ijk,jk->i", [][]int{{2, 3, 4}, {3, 4}}},
		{"ij,ij->ij", [][]int{{2, 1}, {1, 3}}}, {"ij,jk->ik", [][]int{{2, 1}, {3, 4}}}, {",i->i", [][]int{{}, {3}}}, {"ij,k->", [][]int{{2, 3}, {4}}},
		{"ik,kj->ij", [][]int{{3, 0}, {0, 5}}}, {"ik,kj->ij", [][]int{{0, 3}, {3, 2}}}, {"bi,bi->b", [][]int{{4, 5}, {4, 5}}},
		{"abcd,dcef->abef", [][]int{{2, 3, 4, 5}, {5, 4, 2, 3}}}, {"i,i,i->i", [][]int{{3}, {3}, {3}}}, {"ij,j->ij", [][]int{{2, 3}, {3}}},
	} {
		for _, d := range floats {
			for layout := range layouts {
				var ts []*tensor.Tensor
				for _, s := range c.shapes {
					ts = append(ts, laidOut(rng, layout, d, s...))
				}
				shape, want := byHand(c.equation, ts)
				requireSame(t, shape, want, tensor.Einsum(c.equation, ts...), 5000*unit(d), "%s of %v, layout %d", c.equation, c.shapes, layout)
			}
		}
	}
}

func TestEinsumShorthands(t *testing.T) {
	rng := newRand(62)
	a, b := filled(rng, tensor.Float64, 2, 3, 4, 5), filled(rng, tensor.Float64, 3, 5, 6)
	assert.True(t, tensor.Einsum("...ij->...ji", a).Equal(a.Transpose(2, 3)))
	assert.True(t, tensor.Einsum("i...->...", a).Equal(tensor.Sum(a, 0)))
	assert.True(t, tensor.Einsum("ba", a.Slice(0, 0, 1).Slice(1, 0, 1).Squeeze(0, 1)).Equal(a.Select(0, 0).Select(0, 0).Transpose(0, 1)), "alphabetical")
	tol := 100 * unit(tensor.Float64)
	for name, got := range map[string]*tensor.Tensor{
		"explicit": tensor.Einsum("...ij, ...jk -> ...ik", a, b), "implicit": tensor.Einsum("...ij,...jk", a, b)} {
		requireSame(t, []int{2, 3, 4, 6}, tensor.Data[float64](tensor.MatMul(a, b)), got, tol, "%s", name)
	}
}

func TestEinsumMisuse(t *testing.T) {
	x := tensor.New(tensor.Float32, 2, 3)
	for _, c := range []struct{ equation, want string }{
		{"ij,jk", `tensor: Einsum: "ij,jk": 2 operands, 1 tensors`},
		{"i", `tensor: Einsum: "i": operand "i" has shape [2 3]`},
		{"ii->i", `tensor: Einsum: "ii->i": label i is 2 and 3 long in operand "ii" of shape [2 3]`},
		{"i1->i", `tensor: Einsum: "i1->i": '1' is not a label`},
		{"ij->ik", `tensor: Einsum: "ij->ik": label k of the result is in no operand`},
		{"ij->ii", `tensor: Einsum: "ij->ii": label i is twice in the result`},
	} {
		assert.PanicsWithValue(t, c.want, func() { tensor.Einsum(c.equation, x) })
	}
	// NumPy: "dimensions in operand 0 for collapsing index 'i' don't match (3 != 1)". Only axes of different operands
	// broadcast.
	assert.PanicsWithValue(t, `tensor: Einsum: "ii": label i is 3 and 1 long in operand "ii" of shape [3 1]`, func() {
		tensor.Einsum("ii", tensor.New(tensor.Float32, 3, 1))
	})
}

func FuzzEinsum(f *testing.F) {
	f.Add("ij,jk->ik")
	f.Add("...ij,i->...")
	f.Add("ii")
	f.Fuzz(func(t *testing.T, equation string) {
		// Whatever the equation, there is a result or one of the panics of the doc.
		x := tensor.Full(tensor.Float64, 1, 2, 2)
		defer func() {
			if r := recover(); r != nil {
				s, ok := r.(string)
				assert.True(t, ok && strings.HasPrefix(s, "tensor: Einsum: "), "%q: %v", equation, r)
			}
		}()
		tensor.Einsum(equation, x, x)
	})
}
