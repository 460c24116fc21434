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

// Metrics are sums and means over a set of samples.
type Metrics struct {
	Loss float64 // mean over the samples, or what else the loss divides by
	// Correct counts the samples whose largest output is at their label, or whose one output is on the right side of
	// yes and no; -1 where there are neither.
	Correct int
	Samples int
	Ignored int // of the samples, those whose label is negative, and belongs to no class: neither right nor wrong
	// Values are those of Config.Metrics, in their order, each followed by its parts: "f1-macro", "f1-macro/3".
	Values []metrics.Named
}

// Value gives the number of that name: "loss", "accuracy", or one of Values; NaN and false if there is none.
func (m Metrics) Value(name string) (float64, bool) {
	for _, v := range m.Values {
		if v.Name == name {
			return v.Value, true
		}
	}
	switch {
	case name == "loss":
		return m.Loss, true
	case name == "accuracy" && m.Correct >= 0:
		return m.Accuracy(), true
	}
	return math.NaN(), false
}

// Accuracy is Correct as a fraction of the samples that are not ignored, from 0 to 1; NaN where nothing is right or
// wrong. It counts where the data has classes, and where the loss asks one yes-or-no question about each sample, as
// BCEWithLogits of one logit does.
func (m Metrics) Accuracy() float64 {
	if m.Correct < 0 {
		return math.NaN()
	}
	return float64(m.Correct) / float64(m.Samples-m.Ignored)
}

// errStopped says that a rank was told to stop during an evaluation.
var errStopped = errors.New("train: evaluation stopped")

// Evaluate gives the metrics of c.Model with c.Loss (or c.LossFunc) on src, in batches of c.BatchSize, in inference
// mode. The ranks of c.Group share the batches, and all of them get the same numbers, which do not depend on how many
// they are. Other fields of c are not used.
func Evaluate(ctx context.Context, c Config, src dataset.Source) (Metrics, error) {
	if err := c.validateLoss(); err != nil {
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
	rank, size := 0, 1
	if c.Group != nil {
		rank, size = c.Group.Rank(), c.Group.Size()
	}
	batchSize := c.withDefaults(size).BatchSize
	batches := (src.Len() + batchSize - 1) / batchSize
	objective := newObjective(c, modelElements(c.Model))
	// Four numbers a batch, zero where another rank computes them, so that their sum over the ranks is exact; and
	// then how many ranks were told to stop and how many failed.
	sums := make([]float64, 4*batches+2)
	flags := sums[4*batches:]
	local := ErrExit
	var alone sync.WaitGroup // a goroutine for what may end it
	alone.Go(func() { evaluateBatches(ctx, objective, src, batchSize, rank, size, sums[:4*batches], &local) })
	alone.Wait()
	switch {
	case local == ErrExit:
		local = fmt.Errorf("train: evaluation: %w", ErrExit)
		flags[1] = 1
	case errors.Is(local, errStopped):
		flags[0] = 1
	case local != nil:
		flags[1] = 1
	}
	if size > 1 {
		if err := collectives.AllReduce(world, c.Group, sums, collectives.Sum); err != nil {
			return Metrics{}, fmt.Errorf("train: gathering the evaluation: %w", err)
		}
	}
	if flags[1] != 0 {
		return Metrics{}, share(world, c.Group, local)
	}
	if flags[0] != 0 {
		return Metrics{}, errStopped
	}
	m := Metrics{Samples: src.Len(), Correct: -1}
	weight := float64(m.Samples)
	if objective.weigh != nil {
		weight = 0
		for i := range batches {
			weight += sums[4*i+2]
		}
	}
	hits := 0.0
	for i := range batches {
		m.Loss += mean(sums[4*i], weight)
		hits += sums[4*i+1]
		m.Ignored += int(sums[4*i+3])
	}
	if objective.labelled(c, src.Spec()) {
		m.Correct = int(hits)
	}
	return m, nil
}

// evaluateBatches computes every size-th batch, from rank on: its summed loss, its hits and its weight. It leaves its
// error in err, and may end its goroutine.
func evaluateBatches(ctx context.Context, o objective, src dataset.Source, batchSize, rank, size int, sums []float64,
	err *error) {
	defer func() {
		if v := recover(); v != nil {
			*err = panicError("evaluation", v, panics.At())
		}
	}()
	tape := autograd.NewTape(autograd.Infer, nil)
	var batch dataset.Batch
	index := make([]int, 0, batchSize)
	for i := rank; 4*i < len(sums); i += size {
		if ctx.Err() != nil {
			*err = errStopped
			return
		}
		index = index[:0]
		for n := i * batchSize; n < min((i+1)*batchSize, src.Len()); n++ {
			index = append(index, n)
		}
		if failed := batch.Fill(src, index); failed != nil {
			*err = fmt.Errorf("train: reading the test set: %w", failed)
			return
		}
		tape.Reset(nil)
		l, output := o.loss(tape, &batch)
		weighed := 0.0
		if o.weigh != nil {
			weighed = o.weigh(&batch)
		}
		if w := o.weight(batch.N, weighed); w != 0 {
			sums[4*i], sums[4*i+2] = scalar(l.Value())*w, w
		}
		if output != nil {
			hits, ignored := o.correct(output.Value(), batch.Y)
			sums[4*i+1], sums[4*i+3] = float64(hits), float64(ignored)
		}
	}
	*err = nil
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
