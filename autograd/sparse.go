package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// A gradient of a table of which few rows were looked up is kept as those rows: a batch of a thousand words does not
// touch the other hundred thousand. Rows are in ascending order, and each is summed in an order that the lookups alone
// determine (see addMany), whatever runs in parallel.

// SparseGrad returns p's gradient by rows, if p [V, ...] was only looked up in, by Embedding or EmbeddingBag: rows [n] Int64, in
// ascending order, and values [n, ...], the gradient of each; all other rows are zero. Both belong to the tape. ok is false if p
// has no gradient, or a dense one: because another op contributed to it, because Grad made it dense, or because GradsInto said
// to add it up elsewhere, where rows were added in place.
func (t *Tape) SparseGrad(p *Param) (rows, values *tensor.Tensor, ok bool) {
	v := t.params[p]
	if v == nil || v.rows == nil || v.grad != nil {
		return nil, nil, false
	}
	return v.rows, v.rowValues, true
}

// densify adds the rows of v's gradient, if it has some, to a dense one.
func (t *Tape) densify(v *Var) {
	if v.rows == nil {
		return
	}
	if v.grad == nil {
		v.grad = t.pool.New(v.DType(), v.Shape()...)
		v.grad.Zero()
	}
	if v.DType() == tensor.Float32 {
		addRows[float32](v)
	} else {
		addRows[float64](v)
	}
	t.pool.Put(v.rows)
	t.pool.Put(v.rowValues)
	v.rows, v.rowValues = nil, nil
}

func addRows[T vec.Float](v *Var) {
	g, values := tensor.Data[T](v.grad), tensor.Data[T](v.rowValues)
	d := v.Len() / max(v.Dim(0), 1)
	for i, r := range tensor.Data[int64](v.rows) {
		into := g[int(r)*d : (int(r)+1)*d]
		vec.Add(into, into, values[i*d:(i+1)*d])
	}
}

// scatterRows adds to the gradient of operand i, a table [V, D]: for every position of index, add adds the contribution
// of that position to the row. Positions whose index is skip contribute nothing.
func scatterRows[T vec.Float](n *node, i int, index []int64, skip int64, add func(row []T, position int)) {
	x, d := n.in[i], n.in[i].Dim(1)
	if x.param == nil || x.external || x.grad != nil {
		addByIndex(&n.tape.pool, x.DType(), acc[T](n, i), d, index, skip, add)
		return
	}
	// Sort the positions by row. A key is row·positions + position, so that positions of one row stay in order.
	pool := &n.tape.pool
	t := pool.New(tensor.Int64, len(index))
	keys := tensor.Data[int64](t)[:0]
	for p, r := range index {
		if r != skip {
			keys = append(keys, r*int64(len(index))+int64(p))
		}
	}
	slices.Sort(keys)
	rowOf := func(key int64) int64 { return key / int64(len(index)) }
	var old []int64 // rows that have a gradient already
	if x.rows != nil {
		old = tensor.Data[int64](x.rows)
	}
	// Merge the rows of before with the new ones.
	count := 0
	for a, b := 0, 0; a < len(old) || b < len(keys); count++ {
		r := int64(-1)
		if a < len(old) && (b == len(keys) || old[a] <= rowOf(keys[b])) {
			r = old[a]
			a++
		} else {
			r = rowOf(keys[b])
		}
		for b < len(keys) && rowOf(keys[b]) == r {
			b++
		}
	}
	rows, values := pool.New(tensor.Int64, count), pool.New(x.DType(), count, d)
	rowData, valueData := tensor.Data[int64](rows), tensor.Data[T](values)
	for a, b, j := 0, 0, 0; j < count; j++ {
		into := valueData[j*d : (j+1)*d]
		if a < len(old) && (b == len(keys) || old[a] <= rowOf(keys[b])) {
			rowData[j] = old[a]
			copy(into, tensor.Data[T](x.rowValues)[a*d:(a+1)*d])
			a++
		} else {
			rowData[j] = rowOf(keys[b])
			clear(into)
		}
		first := b
		for b < len(keys) && rowOf(keys[b]) == rowData[j] {
			b++
		}
		addMany(pool, x.DType(), into, b-first, func(into []T, k int) {
			add(into, int(keys[first+k]%int64(len(index))))
		})
	}
	if x.rows != nil {
		pool.Put(x.rows)
		pool.Put(x.rowValues)
	}
	pool.Put(t)
	x.rows, x.rowValues = rows, values
}
