package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

// errStopped says that a rank was told to stop during an evaluation.
var errStopped = errors.New("train: evaluation stopped")

// Evaluate gives the metrics of c.Model with c.Loss (or c.LossFunc) on src, in batches of c.BatchSize, in inference
// mode, and c.Metrics. The ranks of c.Group share the batches, a run of them each, and all get the same numbers, which
// do not depend on how many they are. Other fields of c are not used.
func Evaluate(ctx context.Context, c Config, src dataset.Source) (Metrics, error) {
	if len(c.Phases) > 0 {
		return Metrics{}, errors.New("train: Evaluate: Config.Phases is set, and has no one loss: set Loss or LossFunc alone")
	}
	if err := cmp.Or(c.validateLoss(), c.validateMetrics()); err != nil {
		return Metrics{}, err
	}
	m, err := evaluate(ctx, context.WithoutCancel(ctx), c, src)
	if errors.Is(err, errStopped) {
		return m, fmt.Errorf("%w: %w", err, cmp.Or(context.Cause(ctx), context.Canceled))
	}
	return m, err
}

// evaluate is Evaluate with a context of its own for collective operations, so that all ranks stop together: with
// errStopped if ctx was cancelled on one of them.
func evaluate(ctx, world context.Context, c Config, src dataset.Source) (Metrics, error) {
	g := c.Group
	if g == nil {
		g = collectives.Alone()
	}
	batchSize := c.withDefaults(g.Size()).BatchSize
	batches := (src.Len() + batchSize - 1) / batchSize
	e := &evaluation{objective: newObjective(c, modelElements(c.Model)), src: src, batchSize: batchSize,
		metrics: c.Metrics, output: c.Output}
	lo, hi := collectives.Slice(batches, g.Size(), g.Rank())
	local := ErrExit
	var alone sync.WaitGroup // a goroutine for what may end it
	alone.Go(func() { e.run(ctx, lo, hi, &local) })
	alone.Wait()
	if local == ErrExit {
		local = fmt.Errorf("train: evaluation: %w", ErrExit)
	}
	all, counts, err := collectives.AllGatherV(world, g, nil, e.said(local))
	if err != nil {
		return Metrics{}, fmt.Errorf("train: gathering the evaluation: %w", err)
	}
	stopped, failed := false, false
	for at, rank := 0, 0; rank < len(counts); rank++ {
		stopped = stopped || all[at] == saidStop
		failed = failed || all[at] == saidFailure
		at += counts[rank]
	}
	switch {
	case failed && errors.Is(local, errStopped):
		return Metrics{}, share(world, g, nil)
	case failed:
		return Metrics{}, share(world, g, local)
	case stopped:
		return Metrics{}, errStopped
	}
	m, err := e.total(all, counts)
	if !e.objective.labelled(c, src.Spec()) {
		m.Correct = -1
	}
	return m, err
}

// An evaluation is a rank's part of one: a run of batches.
type evaluation struct {
	objective objective
	src       dataset.Source
	batchSize int
	metrics   []metrics.Metric
	output    func(t *autograd.Tape, b *dataset.Batch) (*autograd.Var, *tensor.Tensor) // for metrics; nil: the loss's

	sums []batchSums // of the batches
	accs []metrics.Accumulator
}

// batchSums are what a batch adds to the whole, apart until all are there: so no sum depends on the number of ranks.
type batchSums struct{ loss, hits, weight, ignored float64 }

// run computes batches [lo, hi). It leaves its error in err, and may end its goroutine.
func (e *evaluation) run(ctx context.Context, lo, hi int, err *error) {
	defer func() {
		if v := recover(); v != nil {
			*err = panicError("evaluation", v, panics.At())
		}
	}()
	for _, m := range e.metrics {
		e.accs = append(e.accs, m.New())
	}
	tape := autograd.NewTape(autograd.Infer, nil)
	var batch dataset.Batch
	index := make([]int, 0, e.batchSize)
	for i := lo; i < hi; i++ {
		if ctx.Err() != nil {
			*err = errStopped
			return
		}
		index = index[:0]
		for n := i * e.batchSize; n < min((i+1)*e.batchSize, e.src.Len()); n++ {
			index = append(index, n)
		}
		if failed := batch.Fill(e.src, index); failed != nil {
			*err = fmt.Errorf("train: reading the test set: %w", failed)
			return
		}
		tape.Reset(nil)
		if failed := e.add(tape, &batch); failed != nil {
			*err = fmt.Errorf("train: evaluation: samples %d to %d: %w", index[0], index[len(index)-1], failed)
			return
		}
	}
	*err = nil
}

// add computes a batch.
func (e *evaluation) add(tape *autograd.Tape, b *dataset.Batch) error {
	o := e.objective
	l, output := o.loss(tape, b)
	weighed := 0.0
	if o.weigh != nil {
		weighed = o.weigh(b)
	}
	var s batchSums
	if w := o.weight(b.N, weighed); w != 0 {
		s.loss, s.weight = scalar(l.Value())*w, w
	}
	if output != nil {
		hits, ignored := o.correct(output.Value(), b.Y)
		s.hits, s.ignored = float64(hits), float64(ignored)
	}
	e.sums = append(e.sums, s)
	if len(e.accs) == 0 {
		return nil
	}
	target := b.Y
	if e.output != nil {
		output, target = e.output(tape, b)
	}
	for _, a := range e.accs {
		if err := a.Add(output.Value(), target); err != nil {
			return err
		}
	}
	return nil
}

// What a rank says begins with one of these. Where it is well, its sums follow, as the bits of their numbers, and
// then each metric's state behind its length.
const (
	saidWell = iota
	saidStop
	saidFailure
)

const sumsOfBatch = 4

// said is what this rank brings to the others.
func (e *evaluation) said(err error) []int64 {
	switch {
	case errors.Is(err, errStopped):
		return []int64{saidStop}
	case err != nil:
		return []int64{saidFailure}
	}
	text := []int64{saidWell, int64(len(e.sums))}
	for _, s := range e.sums {
		for _, x := range [sumsOfBatch]float64{s.loss, s.hits, s.weight, s.ignored} {
			text = append(text, int64(math.Float64bits(x)))
		}
	}
	for _, a := range e.accs {
		state := a.State()
		text = append(append(text, int64(len(state))), state...)
	}
	return text
}

// total makes the whole of what the ranks said, the same on all of them.
func (e *evaluation) total(all []int64, counts []int) (Metrics, error) {
	m := Metrics{Samples: e.src.Len()}
	accs := make([]metrics.Accumulator, len(e.metrics))
	for i, metric := range e.metrics {
		accs[i] = metric.New()
	}
	var sums []batchSums
	for rank, n := range counts {
		text := all[1:n]
		all = all[n:]
		batches := text[0]
		text = text[1:]
		for range batches {
			var x [sumsOfBatch]float64
			for i := range x {
				x[i] = math.Float64frombits(uint64(text[i]))
			}
			sums = append(sums, batchSums{x[0], x[1], x[2], x[3]})
			text = text[sumsOfBatch:]
		}
		for _, a := range accs {
			n := text[0]
			if err := a.Merge(text[1 : 1+n]); err != nil {
				return m, fmt.Errorf("train: evaluation: the part of rank %d: %w", rank, err)
			}
			text = text[1+n:]
		}
	}
	weight := float64(m.Samples)
	if e.objective.weigh != nil {
		weight = 0
		for _, s := range sums {
			weight += s.weight
		}
	}
	hits := 0.0
	for _, s := range sums {
		m.Loss += mean(s.loss, weight)
		hits += s.hits
		m.Ignored += int(s.ignored)
	}
	m.Correct = int(hits)
	for i, a := range accs {
		m.Values = append(m.Values, a.Value().Results(e.metrics[i].Name())...)
	}
	return m, nil
}

// correct counts the rows of output [N, C] whose largest element is at the label, and those whose label is negative; 0
// where targets are not labels.
func correct(output, target *tensor.Tensor) (hits, ignored int) {
	if target == nil || !floating(output) || output.Rank() != 2 {
		return 0, 0
	}
	switch {
	case target.DType() == tensor.Int32:
		target = target.Cast(tensor.Int64)
	case target.DType() != tensor.Int64:
		return 0, 0
	}
	labels := tensor.Data[int64](target.Contiguous())
	if output.DType() == tensor.Float64 {
		return largestAt[float64](output, labels)
	}
	return largestAt[float32](output, labels)
}

func largestAt[T float](output *tensor.Tensor, labels []int64) (hits, ignored int) {
	classes, rows := output.Dim(1), tensor.Data[T](output)
	for i, label := range labels {
		switch {
		case label < 0:
			ignored++
		case vec.ArgMax(rows[i*classes:(i+1)*classes]) == int(label):
			hits++
		}
	}
	return hits, ignored
}

// scalar is the value of a tensor of one element.
func scalar(x *tensor.Tensor) float64 {
	if x.DType() == tensor.Float64 {
		return tensor.Data[float64](x)[0]
	}
	return float64(tensor.Data[float32](x)[0])
}
