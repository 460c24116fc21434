package train

// Sparse parameters: tables of which a batch looks up few rows, so that only those rows travel and are stepped. They are
// not in the flat vector; each has a stepper of its own. The strategies are those of the dense parameters: see [Sync].

import (
	"context"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// rows is a gradient by rows, in ascending order, each once.
type rows[T float] = collectives.Rows[T]

// sparse is the exchange of the sparse parameters that are trained.
type sparse[T float] struct {
	idle
	group      *collectives.Group
	partitions int
	lo         int    // the first partition this rank computes
	nodes      []node // the subtrees this rank can sum
	sliced     bool   // Sharded on several ranks
	list       []*table[T]
	check      *gradientCheck[T]
}

// table is one of them.
type table[T float] struct {
	sparseParam
	from, to int // the rows that this rank steps: all of them, or under Sharded its slice
	stepper  optim.RowStepperOf[T]
	leaves   []rows[T] // the gradient of each of this rank's partitions; the memory is their tapes'
	sum      rows[T]   // over all partitions, of the rows from ≤ i < to, counted from from
	index    []int64   // under Sharded: the rows that are new,
	news     []T       // and what they become
}

func newSparse[T float](j *job, g *collectives.Group, check *gradientCheck[T]) *sparse[T] {
	size, rank := g.Size(), g.Rank()
	lo, hi := j.shareOf(rank, size)
	t := &sparse[T]{group: g, partitions: j.c.Partitions, lo: lo, nodes: j.nodesOf(rank, size), check: check,
		sliced: j.c.Sync == Sharded && size > 1}
	for _, p := range j.sparse {
		tab := &table[T]{sparseParam: p, to: p.height, leaves: make([]rows[T], hi-lo)}
		if t.sliced {
			tab.from, tab.to = collectives.Slice(tab.height, size, rank)
		}
		tab.stepper = optim.NewOf[T](p.recipe, (tab.to-tab.from)*tab.width).(optim.RowStepperOf[T])
		t.list = append(t.list, tab)
	}
	return t
}

// begin forgets the gradients of the step before.
func (t *sparse[T]) begin(context.Context) {
	for _, tab := range t.list {
		for i := range tab.leaves {
			tab.leaves[i] = rows[T]{Width: tab.width}
		}
	}
}

// take adds the gradients that a tape has for this rank's partition i. The last of a step may be the tape's memory, until
// its Reset.
func (t *sparse[T]) take(i int, tape *autograd.Tape, last bool) error {
	for _, tab := range t.list {
		if index, values, ok := tape.SparseGrad(tab.param); ok {
			x := rows[T]{Index: tensor.Data[int64](index), Data: tensor.Data[T](values), Width: tab.width}
			switch {
			case len(tab.leaves[i].Index) > 0:
				x = addRows(tab.leaves[i], x)
			case !last:
				x.Index, x.Data = slices.Clone(x.Index), slices.Clone(x.Data)
			}
			tab.leaves[i] = x
			t.check.lookRows(tab.param, tab.leaves[i].Data)
			continue
		}
		// Unused, or used where the loss does not depend on it: no rows. Else an op that is no lookup has used it.
		dense := tape.Grad(tab.param)
		if dense != nil && slices.ContainsFunc(tensor.Data[T](dense), func(v T) bool { return v != 0 }) {
			return fmt.Errorf("train: parameter %s is sparse, and its gradient is not: something else than a lookup "+
				"uses it; make it dense", tab.name)
		}
	}
	return nil
}

// finish sums the gradients of all partitions of all ranks.
func (t *sparse[T]) finish(ctx context.Context) error {
	for _, tab := range t.list {
		parts := make([]rows[T], len(t.nodes))
		for i, n := range t.nodes {
			parts[i] = sumRows(n, func(n node) (rows[T], bool) {
				if n.leaf() {
					return tab.leaves[n.lo-t.lo], true
				}
				return rows[T]{}, false
			})
		}
		sum := t.everywhere
		if t.sliced {
			sum = t.bySlices
		}
		var err error
		if tab.sum, err = sum(ctx, tab, parts); err != nil {
			return fmt.Errorf("sparse parameter %s: %w", tab.name, err)
		}
	}
	return nil
}

// everywhere is [AllReduce], or a group of one: every rank gets the sum, and updates all rows that are in it.
func (t *sparse[T]) everywhere(ctx context.Context, tab *table[T], parts []rows[T]) (rows[T], error) {
	sum := parts[0]
	for _, p := range parts[1:] {
		sum = addRows(sum, p)
	}
	if t.group.Size() == 1 {
		return sum, nil
	}
	return collectives.AllReduceRows(ctx, t.group, tab.height, sum, collectives.Sum)
}

// bySlices is [Sharded]: the rank whose slice a row lies in gets its gradients, one for each subtree that has some, and
// finishes the tree. So the bits depend on the partitions alone, and moments exist once.
//
// What travels is rows and their numbers; subtree i of a rank counts row r as i·height + r, to tell the subtrees apart.
func (t *sparse[T]) bySlices(ctx context.Context, tab *table[T], parts []rows[T]) (rows[T], error) {
	size, w := t.group.Size(), tab.width
	index, data := make([][]int64, size), make([][]T, size)
	for r := range size {
		from, to := collectives.Slice(tab.height, size, r)
		for i, p := range parts {
			p = cutRows(p, from, to)
			index[r] = append(index[r], shift(p.Index, i*tab.height)...)
			data[r] = append(data[r], p.Data...)
		}
	}
	index, err := collectives.AllToAllV(ctx, t.group, index)
	if err != nil {
		return rows[T]{}, err
	}
	if data, err = collectives.AllToAllV(ctx, t.group, data); err != nil {
		return rows[T]{}, err
	}
	held := make(map[node]rows[T])
	for r := range size {
		lo, hi := collectives.Slice(t.partitions, size, r)
		theirs := rows[T]{Index: index[r], Data: data[r], Width: w}
		for i, n := range cut(t.partitions, lo, hi) {
			part := cutRows(theirs, i*tab.height+tab.from, i*tab.height+tab.to)
			part.Index = shift(part.Index, -i*tab.height-tab.from)
			held[n] = part
		}
	}
	return sumRows(node{0, t.partitions}, func(n node) (rows[T], bool) {
		part, ok := held[n]
		return part, ok
	}), nil
}

// measure adds up the squares of each row, and of all rows that the batch has looked up, in their order.
func (t *sparse[T]) measure(ctx context.Context, u update) (float64, error) {
	total := 0.0
	for _, tab := range t.list {
		limited(tab.sum.Data, u)
		if !u.norm {
			continue
		}
		all := squaresOfRows(tab.sum)
		if t.sliced {
			var err error
			if all, _, err = collectives.AllGatherV(ctx, t.group, nil, all); err != nil {
				return 0, fmt.Errorf("the norm of sparse parameter %s: %w", tab.name, err)
			}
		}
		total += optim.SumTree(all)
	}
	return total, nil
}

// squaresOfRows gives the sum of squares of each row, by blocks of its elements.
func squaresOfRows[T float](x rows[T]) []float64 {
	sums := make([]float64, len(x.Index))
	var pieces []float64
	for i := range sums {
		row := x.Data[i*x.Width : (i+1)*x.Width]
		pieces = pieces[:0]
		for lo, hi := range optim.Pieces(0, len(row)) {
			pieces = append(pieces, optim.NormSq(row[lo:hi]))
		}
		sums[i] = optim.SumTree(pieces)
	}
	return sums
}

// prepare steps the rows of this rank's slice, under Sharded, and fetches the others'. What it steps is put back: it is
// live with commit.
func (t *sparse[T]) prepare(ctx context.Context, u update) error {
	if !t.sliced {
		return nil
	}
	for _, tab := range t.list {
		if err := t.publish(ctx, tab, u); err != nil {
			return fmt.Errorf("sparse parameter %s: %w", tab.name, err)
		}
	}
	return nil
}

func (t *sparse[T]) publish(ctx context.Context, tab *table[T], u update) error {
	w, sum := tab.width, tab.sum
	weights := tab.weights()
	old := make([]T, len(sum.Data))
	for i, row := range sum.Index {
		copy(old[i*w:(i+1)*w], rowOf(weights, row, w))
	}
	scaled(sum.Data, u.clip)
	tab.stepper.StepRows(weights, w, sum.Index, sum.Data, u.rate*tab.factor)
	for i, row := range sum.Index { // the gradient is done with: its memory takes the new weights
		live := rowOf(weights, row, w)
		copy(sum.Data[i*w:(i+1)*w], live)
		copy(live, old[i*w:(i+1)*w])
	}
	var err error
	if tab.index, _, err = collectives.AllGatherV(ctx, t.group, nil, shift(sum.Index, tab.from)); err != nil {
		return err
	}
	tab.news, _, err = collectives.AllGatherV(ctx, t.group, nil, sum.Data)
	return err
}

// weights gives the rows that this rank steps.
func (t *table[T]) weights() []T {
	return tensor.Data[T](t.param.Value())[t.from*t.width : t.to*t.width]
}

func (t *sparse[T]) commit(u update) {
	for _, tab := range t.list {
		if !t.sliced {
			scaled(tab.sum.Data, u.clip)
			tab.stepper.StepRows(tab.weights(), tab.width, tab.sum.Index, tab.sum.Data, u.rate*tab.factor)
			continue
		}
		w, weights := tab.width, tensor.Data[T](tab.param.Value())
		for i, row := range tab.index {
			copy(rowOf(weights, row, w), tab.news[i*w:(i+1)*w])
		}
	}
}

func (t *sparse[T]) pieces() []piece {
	var list []piece
	for _, tab := range t.list {
		list = append(list, slotPieces[T](tab.stepper, "/"+tab.name, tab.height*tab.width, tab.from*tab.width)...)
	}
	return list
}

func (t *sparse[T]) load(ctx context.Context, from *snapshot) error {
	for _, tab := range t.list {
		if err := loadSlots[T](ctx, t.group, tab.stepper, "/"+tab.name, tab.from*tab.width, from); err != nil {
			return err
		}
	}
	return nil
}

// shift gives the numbers plus by.
func shift(index []int64, by int) []int64 {
	shifted := make([]int64, len(index))
	for i, row := range index {
		shifted[i] = row + int64(by)
	}
	return shifted
}

func rowOf[T float](x []T, row int64, width int) []T {
	return x[int(row)*width : (int(row)+1)*width]
}

// cutRows gives those of x that are numbered from ≤ i < to. The memory is x's.
func cutRows[T float](x rows[T], from, to int) rows[T] {
	a, _ := slices.BinarySearch(x.Index, int64(from))
	b, _ := slices.BinarySearch(x.Index, int64(to))
	return rows[T]{Index: x.Index[a:b], Data: x.Data[a*x.Width : b*x.Width], Width: x.Width}
}

// sumRows adds up the tree below n in its fixed order, as sumTree does. held gives the rows of a node whose sum is
// known. The result may be held memory.
func sumRows[T float](n node, held func(node) (rows[T], bool)) rows[T] {
	if x, ok := held(n); ok {
		return x
	}
	left, right := n.split()
	return addRows(sumRows(left, held), sumRows(right, held))
}

// addRows merges a and b; a row that both have is the sum.
func addRows[T float](a, b rows[T]) rows[T] {
	w := a.Width
	sum := rows[T]{Index: make([]int64, 0, len(a.Index)+len(b.Index)), Data: make([]T, 0, len(a.Data)+len(b.Data)),
		Width: w}
	for i, j := 0, 0; i < len(a.Index) || j < len(b.Index); {
		at := len(sum.Data)
		switch {
		case j == len(b.Index) || i < len(a.Index) && a.Index[i] < b.Index[j]:
			sum.Index, sum.Data = append(sum.Index, a.Index[i]), append(sum.Data, a.Data[i*w:(i+1)*w]...)
			i++
		case i == len(a.Index) || b.Index[j] < a.Index[i]:
			sum.Index, sum.Data = append(sum.Index, b.Index[j]), append(sum.Data, b.Data[j*w:(j+1)*w]...)
			j++
		default:
			sum.Index, sum.Data = append(sum.Index, a.Index[i]), append(sum.Data, a.Data[i*w:(i+1)*w]...)
			addTo(sum.Data[at:], b.Data[j*w:(j+1)*w])
			i, j = i+1, j+1
		}
	}
	return sum
}
