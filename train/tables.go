package train

// Sparse parameters: tables of which a batch looks up few rows, so that only those rows travel and are stepped. They are not
// in the flat vector; each has a stepper of its own. The strategies are those of the dense parameters: see [Sync].

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// rows is a gradient by rows, in ascending order, each once.
type rows = collectives.Rows[float32]

// tables are the model's sparse parameters that are trained.
type tables struct {
	group      *collectives.Group
	partitions int
	lo         int    // the first partition this rank computes
	nodes      []node // the subtrees this rank can sum
	sliced     bool   // ShuffleBroadcast on several ranks
	list       []*table
	check      *gradientCheck
}

// table is one of them, of height·width elements.
type table struct {
	name          string
	param         *autograd.Param
	height, width int
	from, to      int // the rows that this rank steps: all of them, or with ShuffleBroadcast its slice
	recipe        optim.Optimizer
	factor        float64 // of the learning rate
	stepper       optim.RowStepper
	leaves        []rows // the gradient of each of this rank's partitions; the memory is their tapes'
}

// newTables finds the sparse parameters and makes their steppers. c must have its defaults.
func newTables(c Config, params []layers.NamedParam, g *groups, check *gradientCheck) (*tables, error) {
	size, rank := c.Group.Size(), c.Group.Rank()
	lo, hi := collectives.Slice(c.Partitions, size, rank)
	t := &tables{group: c.Group, partitions: c.Partitions, lo: lo, nodes: cut(c.Partitions, lo, hi), check: check,
		sliced: c.Sync == ShuffleBroadcast && size > 1}
	for _, p := range params {
		if !p.Sparse || p.Frozen {
			continue
		}
		x := p.Value()
		if x.Rank() < 2 || x.Len() == 0 {
			return nil, fmt.Errorf("train: sparse parameter %s has shape %v, want [rows, ...]", p.Name, x.Shape())
		}
		tab := &table{name: p.Name, param: p.Param, height: x.Dim(0), width: x.Len() / x.Dim(0), to: x.Dim(0), leaves: make([]rows, hi-lo)}
		if t.sliced {
			tab.from, tab.to = collectives.Slice(tab.height, size, rank)
		}
		tab.recipe, tab.factor = g.recipe(p.Param)
		d, ok := tab.recipe.(optim.Decayer)
		if ok && !reflect.DeepEqual(tab.recipe, d.WithDecay(0)) && !reflect.DeepEqual(tab.recipe,
			d.WithDecay(optim.Zero)) {
			return nil, fmt.Errorf("train: parameter %s has a sparse gradient, and %s a weight decay, which would reach only the rows that "+
				"a batch looks up: exempt it with a Config.Groups of WeightDecay optim.Zero, or make it dense", p.Name, tab.recipe.Name())
		}
		stepper, ok := tab.recipe.New((tab.to - tab.from) * tab.width).(optim.RowStepper)
		if !ok {
			return nil, fmt.Errorf("train: parameter %s has a sparse gradient, and %s cannot step by rows (its Stepper is not an "+
				"optim.RowStepper): make it dense, or take another optimizer", p.Name, tab.recipe.Name())
		}
		tab.stepper = stepper
		t.list = append(t.list, tab)
	}
	return t, nil
}

// begin forgets the gradient of this rank's partition i.
func (t *tables) begin(i int) {
	for _, tab := range t.list {
		tab.leaves[i] = rows{Width: tab.width}
	}
}

// take keeps the gradients that a tape has for this rank's partition i. They are the tape's, until its Reset.
func (t *tables) take(i int, tape *autograd.Tape) error {
	for _, tab := range t.list {
		if index, values, ok := tape.SparseGrad(tab.param); ok {
			tab.leaves[i] = rows{Index: tensor.Data[int64](index), Data: tensor.Data[float32](values), Width: tab.width}
			t.check.lookRows(tab.param, tab.leaves[i].Data)
			continue
		}
		// Unused, or used where the loss does not depend on it: no rows. Else an op that is no lookup has used it.
		dense := tape.Grad(tab.param)
		if dense != nil && slices.ContainsFunc(tensor.Data[float32](dense), func(v float32) bool { return v != 0 }) {
			return fmt.Errorf("train: parameter %s is sparse, and its gradient is not: something else than a lookup uses it; make it dense",
				tab.name)
		}
	}
	return nil
}

// step sums the gradients of all partitions of all ranks, multiplies them by scale, and updates the tables on all
// ranks, with learning rate lr.
func (t *tables) step(ctx context.Context, lr float64, scale float32) error {
	for _, tab := range t.list {
		parts := make([]rows, len(t.nodes))
		for i, n := range t.nodes {
			parts[i] = sumRows(n, func(n node) (rows, bool) {
				if n.leaf() {
					return tab.leaves[n.lo-t.lo], true
				}
				return rows{}, false
			})
		}
		update := t.everywhere
		if t.sliced {
			update = t.bySlices
		}
		if err := update(ctx, tab, parts, lr*tab.factor, scale); err != nil {
			return fmt.Errorf("sparse parameter %s: %w", tab.name, err)
		}
	}
	return nil
}

// everywhere is [Ring], or a group of one: every rank gets the sum, and updates all rows that are in it.
func (t *tables) everywhere(ctx context.Context, tab *table, parts []rows, lr float64, scale float32) error {
	sum := parts[0]
	for _, p := range parts[1:] {
		sum = addRows(sum, p)
	}
	if t.group.Size() > 1 {
		var err error
		if sum, err = collectives.AllReduceRows(ctx, t.group, tab.height, sum, collectives.Sum); err != nil {
			return err
		}
	}
	scaled(sum.Data, scale)
	tab.stepper.StepRows(tensor.Data[float32](tab.param.Value()), tab.width, sum.Index, sum.Data, lr)
	return nil
}

// bySlices is [ShuffleBroadcast]: the rank whose slice a row lies in gets its gradients, one for each subtree that has some,
// finishes the tree, updates the row, and publishes it. So the bits depend on the partitions alone, and moments exist once.
//
// What travels is rows and their numbers; subtree i of a rank counts row r as i·height + r, to tell the subtrees apart.
func (t *tables) bySlices(ctx context.Context, tab *table, parts []rows, lr float64, scale float32) error {
	size, w := t.group.Size(), tab.width
	index, data := make([][]int64, size), make([][]float32, size)
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
		return err
	}
	if data, err = collectives.AllToAllV(ctx, t.group, data); err != nil {
		return err
	}
	held := make(map[node]rows)
	for r := range size {
		lo, hi := collectives.Slice(t.partitions, size, r)
		theirs := rows{Index: index[r], Data: data[r], Width: w}
		for i, n := range cut(t.partitions, lo, hi) {
			part := cutRows(theirs, i*tab.height+tab.from, i*tab.height+tab.to)
			part.Index = shift(part.Index, -i*tab.height-tab.from)
			held[n] = part
		}
	}
	sum := sumRows(node{0, t.partitions}, func(n node) (rows, bool) {
		part, ok := held[n]
		return part, ok
	})

	scaled(sum.Data, scale)
	weights := tensor.Data[float32](tab.param.Value())
	tab.stepper.StepRows(weights[tab.from*w:tab.to*w], w, sum.Index, sum.Data, lr)
	mine := shift(sum.Index, tab.from)
	for i, row := range mine { // the gradient is done with: its memory takes the new weights
		copy(sum.Data[i*w:(i+1)*w], rowOf(weights, row, w))
	}
	every, _, err := collectives.AllGatherV(ctx, t.group, nil, mine)
	if err != nil {
		return err
	}
	news, _, err := collectives.AllGatherV(ctx, t.group, nil, sum.Data)
	if err != nil {
		return err
	}
	for i, row := range every {
		copy(rowOf(weights, row, w), news[i*w:(i+1)*w])
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

func rowOf(x []float32, row int64, width int) []float32 {
	return x[int(row)*width : (int(row)+1)*width]
}

// cutRows gives those of x that are numbered from ≤ i < to. The memory is x's.
func cutRows(x rows, from, to int) rows {
	a, _ := slices.BinarySearch(x.Index, int64(from))
	b, _ := slices.BinarySearch(x.Index, int64(to))
	return rows{Index: x.Index[a:b], Data: x.Data[a*x.Width : b*x.Width], Width: x.Width}
}

// sumRows adds up the tree below n in its fixed order, as sumTree does. held gives the rows of a node whose sum is known.
// The result may be held memory.
func sumRows(n node, held func(node) (rows, bool)) rows {
	if x, ok := held(n); ok {
		return x
	}
	left, right := n.split()
	return addRows(sumRows(left, held), sumRows(right, held))
}

// addRows merges a and b; a row that both have is the sum.
func addRows(a, b rows) rows {
	w := a.Width
	sum := rows{Index: make([]int64, 0, len(a.Index)+len(b.Index)), Data: make([]float32, 0, len(a.Data)+len(b.Data)), Width: w}
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

// state gathers the whole optimizer state of all tables on every rank: a slot for each of a table's, its name with the
// parameter's.
func (t *tables) state(ctx context.Context) ([]optim.Slot, error) {
	var all []optim.Slot
	for _, tab := range t.list {
		for _, slot := range tab.stepper.State().Slots {
			data := slot.Data
			if t.sliced {
				var err error
				if data, _, err = collectives.AllGatherV(ctx, t.group, nil, slot.Data); err != nil {
					return nil, err
				}
			}
			all = append(all, optim.Slot{Name: tab.slot(slot), Data: data})
		}
	}
	return all, nil
}

func (t *table) slot(s optim.Slot) string { return s.Name + "/" + t.name }

// empty gives the whole optimizer state of all tables before their first step.
func (t *tables) empty() []optim.Slot {
	var all []optim.Slot
	for _, tab := range t.list {
		for _, slot := range tab.recipe.New(tab.height * tab.width).State().Slots {
			all = append(all, optim.Slot{Name: tab.slot(slot), Data: slot.Data})
		}
	}
	return all
}

// slots counts the slots of all tables.
func (t *tables) slots() int {
	n := 0
	for _, tab := range t.list {
		n += len(tab.stepper.State().Slots)
	}
	return n
}

// restore sets this rank's part of the optimizer state from the whole, which is as state and empty give it.
func (t *tables) restore(whole *optim.State) {
	at := 0
	for _, tab := range t.list {
		live := tab.stepper.State()
		live.Steps = whole.Steps
		for _, slot := range live.Slots {
			copy(slot.Data, whole.Slots[at].Data[tab.from*tab.width:tab.to*tab.width])
			at++
		}
	}
}
