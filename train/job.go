package train

import (
	"fmt"
	"reflect"
	"runtime"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// float is the element type of a model's parameters, gradients and moments.
type float interface{ float32 | float64 }

func dtypeOf[T float]() tensor.DType {
	if _, double := any(T(0)).(float64); double {
		return tensor.Float64
	}
	return tensor.Float32
}

// elementsOf gives the dtype of all parameters, and refuses those of which there is no gradient, and a mixture.
func elementsOf(params []layers.NamedParam) (tensor.DType, error) {
	dtype := tensor.Float32
	for i, p := range params {
		d := p.Value().DType()
		switch {
		case d != tensor.Float32 && d != tensor.Float64:
			return dtype, fmt.Errorf("train: parameter %s is %v, want Float32 or Float64", p.Name, d)
		case i > 0 && d != dtype:
			return dtype, fmt.Errorf("train: parameter %s is %v, and %s is %v: want one dtype in a model, as "+
				"layers.Cast gives it", params[0].Name, dtype, p.Name, d)
		}
		dtype = d
	}
	return dtype, nil
}

// modelElements is elementsOf a model; Float32 where something is wrong, which who uses it finds out.
func modelElements(model any) (dtype tensor.DType) {
	defer func() {
		if recover() != nil {
			dtype = tensor.Float32
		}
	}()
	dtype, _ = elementsOf(layers.Params(model))
	return dtype
}

// A job is what a run trains and how: constant from its start to its end, whatever becomes of the ranks that work at
// it. A [session] is some ranks at work.
type job struct {
	c         Config              // with its defaults; Group is the one the run began with
	params    []layers.NamedParam // all of the model's
	dtype     tensor.DType        // of all of them
	set       *autograd.Set       // those that are trained densely: a frozen one must not meet momentum or weight decay
	sparse    []sparseParam       // those that are trained by rows
	buffers   []layers.NamedBuffer
	groups    *groups
	plan      dataset.Plan
	objective objective
	spans     []span // the buckets, see buckets.go

	trained []layers.NamedParam // those of params that are not frozen: all, or a phase's
	phase   string              // its name; "": it is not of a phase
	phases  []*job              // those of Config.Phases
}

// newJob makes the job that c says, begun by size ranks. It claims the model's parameters: release it, also where
// there is an error.
func newJob(c Config, size int) (*job, error) {
	j := &job{c: c.withDefaults(size)}
	if err := mayHave(j.c.Partitions, size); err != nil {
		return j, err
	}
	j.params = layers.Params(j.c.Model)
	var err error
	if j.dtype, err = elementsOf(j.params); err != nil {
		return j, err
	}
	if j.c.Compress != collectives.Float32Wire && j.dtype != tensor.Float32 {
		return j, fmt.Errorf("train: Config.Compress = %v, and the parameters of %T are %v: only gradients of float32 "+
			"can travel in 16 bits", j.c.Compress, j.c.Model, j.dtype)
	}
	for _, p := range j.params {
		if !p.Frozen {
			j.trained = append(j.trained, p)
		}
	}
	if len(j.trained) == 0 {
		return j, fmt.Errorf("train: Config.Model (%T) has no parameters to train in exported fields (%d are frozen)",
			j.c.Model, len(j.params))
	}
	if err := j.claim(); err != nil {
		return j, err
	}
	j.plan = dataset.Plan{N: j.c.Train.Len(), BatchSize: j.c.BatchSize, Partitions: j.c.Partitions,
		Shuffle: !j.c.NoShuffle, Seed: j.c.Seed, Window: j.c.Window}
	if j.buffers, err = averaged(j.c.Model); err != nil {
		return j, err
	}
	if len(j.c.Phases) > 0 {
		return j, j.split()
	}
	if err := j.arrange(); err != nil {
		return j, err
	}
	return j, j.checkBest()
}

// arrange makes what a job steps of the parameters it trains.
func (j *job) arrange() (err error) {
	var dense []*autograd.Param
	for _, p := range j.trained {
		if !p.Sparse {
			dense = append(dense, p.Param)
		}
	}
	j.set = autograd.NewSet(dense)
	if j.set.Len()*j.dtype.Size() >= 16<<20 {
		runtime.GC() // gradients take the memory that the parameters had, which would else be there until later
	}
	j.spans = cutBuckets(j.set, j.c.Bucket)
	j.objective = newObjective(j.c, j.dtype)
	if j.groups, err = newGroups(j.c, j.set); err != nil {
		return err
	}
	j.sparse, err = sparseParams(j.trained, j.groups, j.dtype)
	return err
}

// mayHave refuses more ranks than there are partitions.
func mayHave(partitions, ranks int) error {
	if partitions < ranks {
		return fmt.Errorf("train: Config.Partitions = %d, want at least the number of ranks, %d", partitions, ranks)
	}
	return nil
}

// A slotName is one moment of the optimizer's, as a checkpoint and a snapshot name it, and its number of elements.
type slotName struct {
	name   string
	length int
}

// slots lists the moments that the job's optimizers keep, in the order of a checkpoint: those of the flat vector, then
// those of each sparse parameter, whose name is in the moment's.
func (j *job) slots() []slotName {
	if len(j.phases) > 0 {
		var list []slotName
		for _, p := range j.phases {
			list = append(list, p.slots()...)
		}
		return list
	}
	list := j.slotsOf(j.c.Optimizer, j.slot(), j.set.Len())
	for _, p := range j.sparse {
		list = append(list, j.slotsOf(p.recipe, "/"+p.name, p.height*p.width)...)
	}
	return append(append(list, j.averageSlots()...), j.bestSlots()...)
}

func (j *job) slotsOf(o optim.Optimizer, suffix string, length int) []slotName {
	if j.dtype == tensor.Float64 {
		return namesOf(o.New64(0).State(), suffix, length)
	}
	return namesOf(o.New(0).State(), suffix, length)
}

func namesOf[T float](state *optim.StateOf[T], suffix string, length int) []slotName {
	var list []slotName
	for _, s := range state.Slots {
		list = append(list, slotName{slotKey(s.Name, suffix), length})
	}
	return list
}

// total is the number of steps of the whole run.
func (j *job) total() int { return max(j.c.Epochs, 0) * j.plan.Steps() }

// samples is the number of samples of a step of an epoch.
func (j *job) samples(step int) int { return min(j.plan.BatchSize, j.plan.N-step*j.plan.BatchSize) }

// share is how many of them a rank of size computes.
func (j *job) share(step, rank, size int) int {
	n, parts := j.samples(step), j.plan.Partitions
	lo, hi := j.shareOf(rank, size)
	return (hi-lo)*(n/parts) + max(0, min(hi, n%parts)-lo)
}

// rate is the learning rate of step number, counted from the start of the run, where the schedule has heard that.
func (j *job) rate(number int, heard optim.FeedbackState) (rate float64, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("Config.Schedule", v, panics.At())
		}
	}()
	rate = optim.RateIn(j.c.Schedule, heard, j.c.Optimizer.Rate(), number, j.total())
	return rate, checkRate("Config.Schedule", rate, j.c.Optimizer)
}

// checkRate refuses what a schedule gives that is no learning rate.
func checkRate(field string, rate float64, o optim.Optimizer) error {
	if rate >= 0 && finite(rate) {
		return nil
	}
	return fmt.Errorf("%s gives the learning rate %v for the optimizer's %v, want 0 <= rate < Inf", field, rate,
		o.Rate())
}

// sparseParam is a parameter whose gradient is rows: a table of height·width elements.
type sparseParam struct {
	name          string
	param         *autograd.Param
	height, width int
	recipe        optim.Optimizer
	factor        float64 // of the learning rate
}

// sparseParams finds the sparse parameters that are trained, and makes sure that they can be stepped by rows.
func sparseParams(params []layers.NamedParam, g *groups, dtype tensor.DType) ([]sparseParam, error) {
	var list []sparseParam
	for _, p := range params {
		if !p.Sparse || p.Frozen {
			continue
		}
		x := p.Value()
		if x.Rank() < 2 || x.Len() == 0 {
			return nil, fmt.Errorf("train: sparse parameter %s has shape %v, want [rows, ...]", p.Name, x.Shape())
		}
		s := sparseParam{name: p.Name, param: p.Param, height: x.Dim(0), width: x.Len() / x.Dim(0)}
		s.recipe, s.factor = g.recipe(p.Param)
		d, ok := s.recipe.(optim.Decayer)
		if ok && !reflect.DeepEqual(s.recipe, d.WithDecay(0)) && !reflect.DeepEqual(s.recipe, d.WithDecay(optim.Zero)) {
			return nil, fmt.Errorf("train: parameter %s has a sparse gradient, and %s a weight decay, which would "+
				"reach only the rows that a batch looks up: exempt it with a Config.ParamGroups of WeightDecay "+
				"optim.Zero, or make it dense", p.Name, s.recipe.Name())
		}
		if _, ok = s.recipe.New(0).(optim.RowStepper); dtype == tensor.Float64 {
			_, ok = s.recipe.New64(0).(optim.RowStepperOf[float64])
		}
		if !ok {
			return nil, fmt.Errorf("train: parameter %s has a sparse gradient, and %s cannot step by rows (its "+
				"Stepper is not an optim.RowStepper): make it dense, or take another optimizer", p.Name,
				s.recipe.Name())
		}
		list = append(list, s)
	}
	return list, nil
}

// shareOf gives the run of partitions that a rank of size computes.
func (j *job) shareOf(rank, size int) (lo, hi int) {
	return collectives.Slice(j.c.Partitions, size, rank)
}

// nodesOf gives the subtrees that a rank of size can sum.
func (j *job) nodesOf(rank, size int) []node {
	lo, hi := j.shareOf(rank, size)
	return cut(j.c.Partitions, lo, hi)
}
