package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// A Transformer changes the columns of a batch as training's data was changed: a pipeline of dataset/transform is one.
// It keeps the samples and their order, and is safe for use by many goroutines, each with its own batch.
type Transformer interface {
	Transform(b *dataset.Batch) error
}

// PredictorOptions say how a Predictor runs its model. The zero value runs a Layer or MultiLayer on data as it is.
type PredictorOptions struct {
	// Transform is applied to every batch before the model. Default: none.
	Transform Transformer
	// Forward runs the model, where that is neither a Layer nor a MultiLayer, or not in the usual way. Its result is
	// [N, ...] for the N samples of b. It is called by many goroutines at once, each with its own tape.
	Forward func(t *autograd.Tape, b *dataset.Batch) *autograd.Var
	// BatchSize is how many samples are run at a time. Default 256.
	BatchSize int
	// Workers is how many batches of one call run at the same time. Default: GOMAXPROCS. Memory grows with it, and no
	// result depends on it.
	Workers int
}

// A Predictor runs a model in inference mode. It is safe for use by many goroutines at once, if the model is not
// trained meanwhile: the model is theirs to read. Panics in the model or the data become errors.
type Predictor struct {
	o     PredictorOptions
	model any
	dtype tensor.DType
	idle  sync.Pool // of *predicting
}

// predicting is what one goroutine needs.
type predicting struct {
	tape  *autograd.Tape
	batch dataset.Batch
	index []int
}

// NewPredictor returns a Predictor of a model whose parameters are Float32 or Float64, to which the floating-point
// inputs of a Layer are cast.
func NewPredictor(model any, o PredictorOptions) (*Predictor, error) {
	switch {
	case model == nil:
		return nil, errors.New("train: NewPredictor: the model is nil")
	case o.Forward == nil && !layers.IsModel(model):
		return nil, fmt.Errorf("train: NewPredictor: the model is a %T, want a layers.Layer or layers.MultiLayer, or set "+
			"PredictorOptions.Forward", model)
	case o.BatchSize < 0:
		return nil, fmt.Errorf("train: PredictorOptions.BatchSize = %d, want at least 1", o.BatchSize)
	case o.Workers < 0:
		return nil, fmt.Errorf("train: PredictorOptions.Workers = %d, want at least 1", o.Workers)
	}
	dtype, err := elementsOf(layers.Params(model))
	if err != nil {
		return nil, err
	}
	o.BatchSize = cmp.Or(o.BatchSize, 256)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	p := &Predictor{o: o, model: model, dtype: dtype}
	p.idle.New = func() any { return &predicting{tape: autograd.NewTape(autograd.Infer, nil)} }
	return p, nil
}

// Predict returns the model's result [N, ...] for all N samples of src, by batches. The batches' results must have the
// same shape but for the samples. When ctx is done it returns its error.
func (p *Predictor) Predict(ctx context.Context, src dataset.Source) (*tensor.Tensor, error) {
	parts, err := p.batches(ctx, src, 0, src.Len())
	if err != nil {
		return nil, err
	}
	return joinRows(parts)
}

// PredictBatch returns the model's result [N, ...] for a batch, all of it at once. Transform changes b.
func (p *Predictor) PredictBatch(b *dataset.Batch) (out *tensor.Tensor, err error) {
	err = p.alone(func(w *predicting) (err error) {
		out, err = p.run(w, b)
		return err
	})
	return out, err
}

// PredictTensor returns the result [N, ...] of a model of one input for x [N, ...], by batches. It is not for a
// Transform that goes by the names of columns, or options with Forward: both see a batch whose one column is "x".
func (p *Predictor) PredictTensor(ctx context.Context, x *tensor.Tensor) (*tensor.Tensor, error) {
	if x == nil || x.Rank() < 1 {
		return nil, errors.New("train: PredictTensor: the input has no axis of samples")
	}
	if x.DType() != tensor.Float32 && x.DType() != tensor.Float64 && x.DType() != tensor.Int64 {
		x = x.Cast(tensor.Float32)
	}
	return p.Predict(ctx, tensorSource{x.Contiguous()})
}

// tensorSource gives the rows of a tensor as the column "x".
type tensorSource struct{ x *tensor.Tensor }

func (s tensorSource) Len() int { return s.x.Dim(0) }

func (s tensorSource) Spec() dataset.Spec {
	return dataset.Spec{Name: "tensor", Columns: []dataset.Column{{Name: "x", DType: s.x.DType(), Shape: s.x.Shape()[1:]}}}
}

func (s tensorSource) Fill(b *dataset.Batch, index []int) error {
	b.Resize(len(index), s.Spec())
	if s.x.Len() == 0 {
		return nil
	}
	width := len(tensor.Bytes(s.x)) / s.x.Dim(0)
	for i, n := range index {
		copy(tensor.Bytes(b.X)[i*width:(i+1)*width], tensor.Bytes(s.x)[n*width:])
	}
	return nil
}

// batches gives the results of samples [lo, hi), cut at multiples of BatchSize, in their order.
func (p *Predictor) batches(ctx context.Context, src dataset.Source, lo, hi int) ([]*tensor.Tensor, error) {
	var starts []int
	for at := lo; at < hi; at = (at/p.o.BatchSize + 1) * p.o.BatchSize {
		starts = append(starts, at)
	}
	parts, errs := make([]*tensor.Tensor, len(starts)), make([]error, len(starts))
	var wg sync.WaitGroup
	var failed atomic.Bool
	slots := make(chan struct{}, p.o.Workers)
	for i, at := range starts {
		slots <- struct{}{}
		if ctx.Err() != nil || failed.Load() {
			<-slots
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			end := min(hi, (at/p.o.BatchSize+1)*p.o.BatchSize)
			errs[i] = p.alone(func(w *predicting) (err error) {
				parts[i], err = p.rows(w, src, at, end)
				return err
			})
			if errs[i] != nil {
				failed.Store(true)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("train: prediction: %w", context.Cause(ctx))
	}
	return parts, nil
}

// alone runs f on a goroutine of its own, which f may end, with what a goroutine needs.
func (p *Predictor) alone(f func(w *predicting) error) (err error) {
	err = fmt.Errorf("train: prediction: %w", ErrExit)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				err = panicError("prediction", v, panics.At())
			}
		}()
		w := p.idle.Get().(*predicting)
		err = f(w)
		w.tape.Reset(nil)
		p.idle.Put(w) // not after a panic
	})
	wg.Wait()
	return err
}

// rows gives the result of samples [lo, hi).
func (p *Predictor) rows(w *predicting, src dataset.Source, lo, hi int) (*tensor.Tensor, error) {
	w.index = w.index[:0]
	for i := lo; i < hi; i++ {
		w.index = append(w.index, i)
	}
	if err := w.batch.Fill(src, w.index); err != nil {
		return nil, fmt.Errorf("train: prediction: reading samples %d to %d: %w", lo, hi-1, err)
	}
	out, err := p.run(w, &w.batch)
	if err != nil {
		return nil, fmt.Errorf("train: prediction of samples %d to %d: %w", lo, hi-1, err)
	}
	return out, nil
}

// run gives the result of a batch, in memory of its own.
func (p *Predictor) run(w *predicting, b *dataset.Batch) (*tensor.Tensor, error) {
	n := b.N
	if p.o.Transform != nil {
		if err := p.o.Transform.Transform(b); err != nil {
			return nil, err
		}
		if b.N != n {
			return nil, fmt.Errorf("the transform made %d samples of %d", b.N, n)
		}
	}
	w.tape.Reset(nil)
	var y *autograd.Var
	if p.o.Forward != nil {
		y = p.o.Forward(w.tape, b)
	} else {
		y = layers.Apply(w.tape, p.model, b, b.X, p.dtype)
	}
	out := y.Value()
	if out.Rank() < 1 || out.Dim(0) != n {
		return nil, fmt.Errorf("the model's result is %v for %d samples, want [%d, ...]", out.Shape(), n, n)
	}
	return out.Clone(), nil
}

// joinRows puts results one below the other; [0] of none.
func joinRows(parts []*tensor.Tensor) (*tensor.Tensor, error) {
	if len(parts) == 0 {
		return tensor.New(tensor.Float32, 0), nil
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	first, rows := parts[0], 0
	for _, x := range parts {
		if x.DType() != first.DType() || !slices.Equal(x.Shape()[1:], first.Shape()[1:]) {
			return nil, fmt.Errorf("train: prediction: one batch gives %v%v and another %v%v: PredictTo gives them apart",
				first.DType(), first.Shape(), x.DType(), x.Shape())
		}
		rows += x.Dim(0)
	}
	all := tensor.New(first.DType(), append([]int{rows}, first.Shape()[1:]...)...)
	to := tensor.Bytes(all)
	for _, x := range parts {
		to = to[copy(to, tensor.Bytes(x)):]
	}
	return all, nil
}
