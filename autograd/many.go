package autograd

import (
	"math/bits"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Sums of rows that stand in any order: what a row of a table collects from the places that looked it up. Few are added
// one after another, many pairwise, so that the error grows with the logarithm of their number.

// leafRows is how many rows are added one after another.
const leafRows = 32

// addMany adds the rows that add adds for k = 0 … count−1 to into.
func addMany[T vec.Float](pool *tensor.Pool, d tensor.DType, into []T, count int, add func(into []T, k int)) {
	if count <= leafRows {
		for k := range count {
			add(into, k)
		}
		return
	}
	t := pool.New(d, 2+bits.Len(uint(count/leafRows)), len(into))
	room := tensor.Data[T](t)
	total := room[:len(into)]
	clear(total)
	addPairwise(room[len(into):], total, 0, count, add)
	vec.Add(into, into, total)
	pool.Put(t)
}

// addPairwise adds rows [lo, hi) to into, which is zero, in room for a row for each time that the range can be halved.
func addPairwise[T vec.Float](room, into []T, lo, hi int, add func(into []T, k int)) {
	if hi-lo <= leafRows {
		for k := lo; k < hi; k++ {
			add(into, k)
		}
		return
	}
	h := leafRows
	for 2*h < hi-lo {
		h *= 2
	}
	rest := room[len(into):]
	addPairwise(rest, into, lo, lo+h, add)
	second := room[:len(into)]
	clear(second)
	addPairwise(rest, second, lo+h, hi, add)
	vec.Add(into, into, second)
}

// addByIndex adds to the rows of g, d long: for every position of index, add adds the contribution of that position to
// the row that index names. Positions whose index is skip contribute nothing.
func addByIndex[T vec.Float](pool *tensor.Pool, dtype tensor.DType, g []T, d int, index []int64, skip int64,
	add func(row []T, position int)) {
	rows := len(g) / max(d, 1)
	order, starts := grouped(pool, index, rows, skip)
	if order == nil {
		for p, r := range index {
			if r != skip {
				add(g[int(r)*d:(int(r)+1)*d], p)
			}
		}
		return
	}
	positions, from := tensor.Data[int64](order), tensor.Data[int64](starts)
	for r := range rows {
		at := positions[from[r]:from[r+1]]
		addMany(pool, dtype, g[r*d:(r+1)*d], len(at), func(row []T, k int) { add(row, int(at[k])) })
	}
	pool.Put(order)
	pool.Put(starts)
}

// grouped returns the positions of index, whose elements are below n, those of equal elements together and in order,
// and where those of each element begin; n+1 numbers. It returns nil where no element occurs more than leafRows times:
// then nothing is gained by it. Elements equal to skip are left out.
func grouped(pool *tensor.Pool, index []int64, n int, skip int64) (order, starts *tensor.Tensor) {
	if len(index) <= leafRows {
		return nil, nil
	}
	starts = pool.New(tensor.Int64, n+1)
	from := tensor.Data[int64](starts)
	clear(from)
	most := int64(0)
	for _, r := range index {
		if r != skip {
			from[r+1]++
			most = max(most, from[r+1])
		}
	}
	if most <= leafRows {
		pool.Put(starts)
		return nil, nil
	}
	for r := range n {
		from[r+1] += from[r]
	}
	order = pool.New(tensor.Int64, len(index))
	to := tensor.Data[int64](order)
	for p, r := range index {
		if r != skip {
			to[from[r]] = int64(p)
			from[r]++
		}
	}
	copy(from[1:], from[:n]) // what was the end is the next one's begin
	from[0] = 0
	return order, starts
}

// accumulate adds src to dst, without the cost of a call of package vec where there is one element.
func accumulate[T vec.Float](dst, src []T) {
	if len(dst) == 1 {
		dst[0] += src[0]
		return
	}
	vec.AddTo(dst, src)
}
