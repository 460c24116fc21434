package tensor_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// model is a tensor as a dumb map from every index to its element.
type model struct {
	shape []int
	at    func(index []int) float32
}

// FuzzViews applies the views that its bytes spell to a tensor and to the model, and compares every element.
func FuzzViews(f *testing.F) {
	f.Add([]byte{2, 3, 4, 0, 1, 2, 1, 0, 2, 2, 1, 3, 4, 5})
	f.Add([]byte{1, 0, 5, 4, 0, 0, 2, 0, 1})
	f.Add([]byte{4, 3, 4, 4, 0, 3, 0, 0, 1, 4, 4, 2, 3, 0, 1, 1, 3})
	f.Add([]byte{3, 3, 3, 1, 0, 2, 0, 1, 1, 2, 2, 2, 3, 0, 0})
	f.Fuzz(func(t *testing.T, code []byte) {
		next := func(n int) int { // a number below n
			if len(code) == 0 || n <= 0 {
				return 0
			}
			b := int(code[0]) % n
			code = code[1:]
			return b
		}
		shape := []int{next(5), next(5), next(5)}
		x := iota32(shape...)
		m := model{shape, func(i []int) float32 { return float32((i[0]*shape[1]+i[1])*shape[2] + i[2]) }}
		for len(code) > 0 && len(m.shape) > 0 && len(m.shape) < 8 {
			old := m
			switch next(6) {
			case 0: // Slice
				a := next(len(old.shape))
				lo := next(old.shape[a] + 1)
				hi := lo + next(old.shape[a]-lo+1)
				x = x.Slice(a, lo, hi)
				m.shape = slices.Clone(old.shape)
				m.shape[a] = hi - lo
				m.at = func(i []int) float32 { j := slices.Clone(i); j[a] += lo; return old.at(j) }
			case 1: // Transpose
				a, b := next(len(old.shape)), next(len(old.shape))
				x = x.Transpose(a, b)
				m.shape = slices.Clone(old.shape)
				m.shape[a], m.shape[b] = m.shape[b], m.shape[a]
				m.at = func(i []int) float32 { j := slices.Clone(i); j[a], j[b] = j[b], j[a]; return old.at(j) }
			case 2: // Unsqueeze
				a := next(len(old.shape) + 1)
				x = x.Unsqueeze(a)
				m.shape = slices.Insert(slices.Clone(old.shape), a, 1)
				m.at = func(i []int) float32 { return old.at(slices.Delete(slices.Clone(i), a, a+1)) }
			case 3: // Expand by a leading axis
				n := 1 + next(3)
				m.shape = append([]int{n}, old.shape...)
				x = x.Expand(m.shape...)
				m.at = func(i []int) float32 { return old.at(i[1:]) }
			case 4: // SliceStep, backwards or not
				a := next(len(old.shape))
				lo := next(old.shape[a])
				hi, step := lo+next(old.shape[a]-lo+1), 1+next(3)
				if next(2) == 1 && old.shape[a] > 0 {
					hi, step = lo-next(lo+2), -step
				}
				x = x.SliceStep(a, lo, hi, step)
				m.shape = slices.Clone(old.shape)
				m.shape[a] = 0
				for i := lo; i != hi && (i < hi) == (step > 0); i += step {
					m.shape[a]++
				}
				m.at = func(i []int) float32 { j := slices.Clone(i); j[a] = lo + j[a]*step; return old.at(j) }
			case 5: // Squeeze one axis, if there is one to squeeze
				a := slices.Index(old.shape, 1)
				if a < 0 {
					continue
				}
				x = x.Squeeze(a)
				m.shape = slices.Delete(slices.Clone(old.shape), a, a+1)
				m.at = func(i []int) float32 { return old.at(slices.Insert(slices.Clone(i), a, 0)) }
			}
		}
		require.Equal(t, append([]int{}, m.shape...), append([]int{}, x.Shape()...))
		got := tensor.Data[float32](x.Clone())
		index := make([]int, len(m.shape))
		for k := range got {
			require.Equal(t, m.at(index), got[k], "shape %v, index %v", m.shape, index)
			for a := len(index) - 1; a >= 0; a-- {
				if index[a]++; index[a] < m.shape[a] {
					break
				}
				index[a] = 0
			}
		}
		if x.IsContiguous() && x.Len() > 0 {
			require.Equal(t, got, tensor.Data[float32](x), "what says it is contiguous is")
		}
	})
}
