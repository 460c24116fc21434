package transform

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tutti-ml/tutti/dataset"
)

// Op is one step of a Pipeline: a plain struct whose exported fields say what it does. It is not changed once in use.
type Op interface {
	// Bind prepares the op for batches laid out as in. Errors name the op, the column and its type.
	Bind(in dataset.Spec) (*Step, error)
}

// Step is an op bound to a layout. It is safe for use by many goroutines at once.
type Step struct {
	Spec   dataset.Spec // the layout that it makes
	Writes []string     // the columns of Spec that Apply sets; the others must be columns of the input, and are taken over

	// Apply sets the columns of Writes in out, which has Spec's layout and in's number of samples; nil if there are
	// none. It reads in, which it must not change, and nothing else of out.
	Apply func(c *Call, out, in *dataset.Batch) error
	// Then changes columns of b in place, once all are there; nil: nothing.
	Then func(c *Call, b *dataset.Batch) error
	// end is called with the pipeline's batch once all is done and nothing follows.
	end func(c *Call, b *dataset.Batch)
}

// Call is what an op may know of a batch beside its columns, and memory to work in.
type Call struct {
	Index    []int // the samples' numbers in their source; nil in a prediction
	Training bool  // false in a prediction, in Fit, and of Eval: random ops do nothing

	seed   uint64
	epoch  int
	random rand.PCG
	floats [512]float64
	bytes  []byte
	ends   []int64

	longest map[string]int // of each padded column: the length of the batch
}

// Rand returns random numbers for sample i of the batch, a function of (Pipeline.Seed, epoch, sample number, op). They
// are valid until the next call.
func (c *Call) Rand(op uint64, i int) *rand.PCG {
	c.random.Seed(mix(mix(c.seed)+mix(uint64(c.epoch)+1)*3+mix(op+1)*5), uint64(c.Index[i]))
	return &c.random
}

// mix is the finalizer of SplitMix64. Source: Steele, Lea and Flood, OOPSLA 2014.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// column returns the place and the description of an op's column, or an error that lists those there are.
func column(op string, in dataset.Spec, name string) (int, dataset.Column, error) {
	i := in.Find(name)
	if i < 0 {
		var names []string
		for _, c := range in.Columns {
			names = append(names, c.Name)
		}
		return 0, dataset.Column{}, fmt.Errorf("transform: %s: %s has no column %q, it has %q", op, in.Name, name, names)
	}
	c := in.Columns[i]
	c.DType = dtypeOf(c)
	return i, c, nil
}

// kindOf describes a column for messages.
func kindOf(c dataset.Column) string {
	switch {
	case c.Ragged && c.Text:
		return "lists of text"
	case c.Text:
		return "text"
	case c.Ragged:
		return fmt.Sprintf("lists of %v%v", dtypeOf(c), c.Shape)
	}
	return fmt.Sprintf("%v%v", dtypeOf(c), c.Shape)
}

func wrongKind(op string, c dataset.Column, want string) error {
	return fmt.Errorf("transform: %s: column %q is %s, want %s", op, c.Name, kindOf(c), want)
}

// changed is what becomes of one column.
type changed struct {
	to dataset.Column
	// apply sets the column in out from in; where to has the layout of the column before, out and in are one batch,
	// unless open, for which they never are.
	apply func(c *Call, out, in *dataset.Batch) error
}

// eachColumn is the Bind of an op that makes something else of each of its columns, under the same name.
func eachColumn(op string, in dataset.Spec, names []string, change func(k int, c dataset.Column) (changed, error),
) (*Step, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("transform: %s: Columns is empty", op)
	}
	s := &Step{Spec: in}
	s.Spec.Columns = slices.Clone(in.Columns)
	var apply, then []func(c *Call, out, in *dataset.Batch) error
	for k, name := range names {
		if slices.Contains(names[:k], name) {
			return nil, fmt.Errorf("transform: %s: Columns has %q twice", op, name)
		}
		i, c, err := column(op, in, name)
		if err != nil {
			return nil, err
		}
		to, err := change(k, c)
		if err != nil {
			return nil, err
		}
		s.Spec.Columns[i] = to.to
		if !open(c) && !open(to.to) && dtypeOf(to.to) == c.DType && slices.Equal(to.to.Shape, c.Shape) {
			then = append(then, to.apply)
		} else {
			apply, s.Writes = append(apply, to.apply), append(s.Writes, name)
		}
	}
	if len(apply) > 0 {
		s.Apply = func(c *Call, out, in *dataset.Batch) error { return all(apply, c, out, in) }
	}
	if len(then) > 0 {
		s.Then = func(c *Call, b *dataset.Batch) error { return all(then, c, b, b) }
	}
	return s, nil
}

func all(fns []func(c *Call, out, in *dataset.Batch) error, c *Call, out, in *dataset.Batch) error {
	for _, fn := range fns {
		if err := fn(c, out, in); err != nil {
			return err
		}
	}
	return nil
}

func open(c dataset.Column) bool { return c.Ragged || c.Text }
