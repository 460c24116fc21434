package train

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// Labels may be Int32 or a column of a table; two of the three are right.
func TestCorrectCountsAnyLabels(t *testing.T) {
	output := tensor.FromSlice([]float32{0, 1, 0, 2, 0, 0, 0, 0, 3}, 3, 3)
	table := tensor.FromSlice([]int64{1, 9, 2, 9, 2, 9}, 3, 2)
	column := table.Select(1, 0)
	for _, labels := range []*tensor.Tensor{column, column.Clone(), table.Cast(tensor.Int32).Select(1, 0)} {
		hits, ignored := correct(output, labels)
		assert.Equal(t, []int{2, 0}, []int{hits, ignored}, "%v", labels)
	}
	hits, ignored := correct(output, tensor.FromSlice([]int64{1, -100, -1}))
	assert.Equal(t, []int{1, 2}, []int{hits, ignored}, "labels of no class")
	hits, ignored = correct(output, tensor.New(tensor.Float32, 3))
	assert.Equal(t, []int{0, 0}, []int{hits, ignored}, "targets that are no labels")
}
