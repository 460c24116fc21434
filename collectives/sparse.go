package collectives

import (
	"context"
	"fmt"
	"slices"
)

// Rows is some of the rows of a matrix: the gradient of an embedding, say, of which a batch touches few.
type Rows[T Elem] struct {
	Index []int64 // the rows' numbers, from 0
	Data  []T     // [len(Index), Width]
	Width int     // elements in a row
}

// AllReduceRows adds the ranks' rows, of a matrix of height rows, and returns the sum, all ranks the same: each row that
// any rank has, once, in ascending order. A row that a rank has not counts as zero; one that it has several times counts
// as their sum, in their order. op is Sum or Mean. mine is not changed; the result is newly allocated. It panics if a
// number is outside of the matrix, or if Data does not fit Index and Width; height and Width must agree.
//
// It is shuffle on what is there: row i goes to the rank whose slice of the matrix it lies in, which adds in rank order and
// sends the sum to all. For k rows on each rank, of which u differ over all ranks, a rank sends (P−1)/P·k rows and then
// (P−1)/P·u in the mean, where AllReduce would send 2(P−1)/P·height.
func AllReduceRows[T Elem](ctx context.Context, g *Group, height int, mine Rows[T], op Op) (Rows[T], error) {
	if op != Sum && op != Mean {
		panic(fmt.Sprintf("collectives: AllReduceRows: operation %v, want sum or mean", op))
	}
	w := mine.Width
	if w < 1 || len(mine.Data) != len(mine.Index)*w {
		panic(fmt.Sprintf("collectives: AllReduceRows: %d rows of width %d, and %d elements", len(mine.Index), w, len(mine.Data)))
	}
	for _, i := range mine.Index {
		if i < 0 || i >= int64(height) {
			panic(fmt.Sprintf("collectives: AllReduceRows: row %d of %d", i, height))
		}
	}
	mine = addRows(w, mine)
	index, data := make([][]int64, g.size), make([][]T, g.size)
	at := 0
	for r := range g.size {
		_, end := Slice(height, g.size, r)
		n, _ := slices.BinarySearch(mine.Index[at:], int64(end))
		index[r], data[r] = mine.Index[at:at+n], mine.Data[at*w:(at+n)*w]
		at += n
	}
	c := call{kind: kindAllReduceRows, n: height, root: w, op: op}
	indices, err := allToAllV(ctx, g, c, index)
	if err != nil {
		return Rows[T]{}, err
	}
	rows, err := allToAllV(ctx, g, c, data)
	if err != nil {
		return Rows[T]{}, err
	}
	theirs := make([]Rows[T], g.size)
	for r := range theirs {
		if len(rows[r]) != len(indices[r])*w {
			return Rows[T]{}, g.spread(fmt.Errorf("collectives: AllReduceRows: %w: rank %d sent %d row numbers, and %d elements of rows of %d",
				ErrMismatch, g.abs(r), len(indices[r]), len(rows[r]), w))
		}
		theirs[r] = Rows[T]{indices[r], rows[r], w}
	}
	own := addRows(w, theirs...)
	finish(dtypeOf[T](), op, g.size, bytesOf(own.Data))
	sum := Rows[T]{Width: w}
	if sum.Index, _, err = AllGatherV(ctx, g, nil, own.Index); err != nil {
		return Rows[T]{}, err
	}
	if sum.Data, _, err = AllGatherV(ctx, g, nil, own.Data); err != nil {
		return Rows[T]{}, err
	}
	return sum, nil
}

// addRows adds up lists of rows of width w: each row once, in ascending order, added in the order of the lists and within
// them.
func addRows[T Elem](w int, lists ...Rows[T]) Rows[T] {
	var all []int64
	for _, l := range lists {
		all = append(all, l.Index...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	sum := Rows[T]{Index: all, Data: make([]T, len(all)*w), Width: w}
	begun := make([]bool, len(all))
	for _, l := range lists {
		for i, row := range l.Index {
			at, _ := slices.BinarySearch(all, row)
			dst, src := sum.Data[at*w:(at+1)*w], l.Data[i*w:(i+1)*w]
			if begun[at] {
				combineElems(Sum, dst, src)
			} else {
				copy(dst, src)
				begun[at] = true
			}
		}
	}
	return sum
}
