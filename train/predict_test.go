package train_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
)

// rowsOf gives the first inputs of a source.
func rowsOf(t *testing.T, src dataset.Source, n int) *tensor.Tensor {
	t.Helper()
	var b dataset.Batch
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	require.NoError(t, b.Fill(src, index))
	return b.X.Clone()
}

func predictor(t *testing.T, model any, o train.PredictorOptions) *train.Predictor {
	t.Helper()
	p, err := train.NewPredictor(model, o)
	require.NoError(t, err)
	return p
}

// TestPredict: predictions are the model's, without dropout, whatever the batches and workers.
func TestPredict(t *testing.T) {
	model, src := newNet(), blobs(101, 3)
	tape := autograd.NewTape(autograd.Infer, nil)
	want := model.Forward(tape, tape.Const(rowsOf(t, src, 101))).Value()
	for _, batch := range []int{0, 1, 7, 101, 1000} {
		p := predictor(t, model, train.PredictorOptions{BatchSize: batch, Workers: 3})
		got, err := p.Predict(t.Context(), src)
		require.NoError(t, err)
		require.Equal(t, []int{101, 3}, got.Shape())
		// Rows of a product do not meet, but kernels of another shape may order a row's sums otherwise: 11 terms below 1.
		require.InDeltaSlice(t, tensor.Data[float32](want), tensor.Data[float32](got), 1e-6)
		again, err := p.PredictTensor(t.Context(), rowsOf(t, src, 101))
		require.NoError(t, err)
		require.Equal(t, tensor.Data[float32](got), tensor.Data[float32](again))
	}
}

// TestPredictDoubles: a Float64 model predicts in Float64, from inputs of Float32 and of integers.
func TestPredictDoubles(t *testing.T) {
	f := newFixed()
	layers.Cast(f, tensor.Float64)
	p := predictor(t, f, train.PredictorOptions{})
	for _, x := range []*tensor.Tensor{tensor.FromSlice([]float32{1, 2}, 2, 1), tensor.FromSlice([]int64{1, 2}, 2, 1),
		tensor.FromSlice([]uint8{1, 2}, 2, 1), tensor.FromSlice([]float64{1, 2}, 2, 1)} {
		y, err := p.PredictTensor(t.Context(), x)
		require.NoError(t, err)
		require.Equal(t, []float64{1, 2}, tensor.Data[float64](y), "%v", x.DType())
	}
}

// TestPredictColumns: a model of several inputs takes them by name.
func TestPredictColumns(t *testing.T) {
	m := models.NewNeuMF(rand.New(rand.NewPCG(1, 1)), models.NeuMFConfig{Users: 5, Items: 7})
	src := pairs([]int64{0, 1, 4}, []int64{6, 2, 0}, []float32{0, 0, 0})
	got, err := predictor(t, m, train.PredictorOptions{BatchSize: 2}).Predict(t.Context(), src)
	require.NoError(t, err)
	var b dataset.Batch
	require.NoError(t, b.Fill(src, []int{0, 1, 2}))
	tape := autograd.NewTape(autograd.Infer, nil)
	require.InDeltaSlice(t, tensor.Data[float32](layers.Apply(tape, m, &b, b.X, tensor.Float32).Value()),
		tensor.Data[float32](got), 1e-6)
}

// doubling is a transform in place.
type doubling struct{ drop bool }

func (d doubling) Transform(b *dataset.Batch) error {
	if d.drop {
		b.Resize(b.N-1, b.Spec())
		return nil
	}
	x := tensor.Data[float32](b.X)
	for i := range x {
		if x[i] *= 2; x[i] < 0 {
			return errors.New("a negative number")
		}
	}
	return nil
}

// TestPredictTransforms: the transform comes first, and its errors name the samples.
func TestPredictTransforms(t *testing.T) {
	p := predictor(t, newFixed(), train.PredictorOptions{Transform: doubling{}, BatchSize: 2})
	y, err := p.PredictTensor(t.Context(), tensor.FromSlice([]float32{1, 2, 3}, 3, 1))
	require.NoError(t, err)
	require.Equal(t, []float32{2, 4, 6}, tensor.Data[float32](y))
	_, err = p.PredictTensor(t.Context(), tensor.FromSlice([]float32{1, 2, -3}, 3, 1))
	require.EqualError(t, err, "train: prediction of samples 2 to 2: a negative number")
	p = predictor(t, newFixed(), train.PredictorOptions{Transform: doubling{drop: true}})
	_, err = p.PredictTensor(t.Context(), tensor.FromSlice([]float32{1, 2, 3}, 3, 1))
	require.ErrorContains(t, err, "the transform made 2 samples of 3")
}

// TestPredictTogether: many goroutines ask one Predictor at once, under -race too.
func TestPredictTogether(t *testing.T) {
	src := blobs(64, 3)
	p := predictor(t, newNet(), train.PredictorOptions{BatchSize: 8})
	want, err := p.Predict(t.Context(), src)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				got, err := p.Predict(t.Context(), src)
				if err != nil || fmt.Sprint(tensor.Data[float32](got)) != fmt.Sprint(tensor.Data[float32](want)) {
					t.Errorf("%v, %v", got, err)
				}
				var b dataset.Batch
				if err := b.Fill(src, []int{5, 6}); err != nil {
					t.Error(err)
				}
				if y, err := p.PredictBatch(&b); err != nil || y.Dim(0) != 2 {
					t.Errorf("%v, %v", y, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestPredictErrors: a panic, a goroutine that ends itself, a result that is none, and no samples.
func TestPredictErrors(t *testing.T) {
	x := tensor.FromSlice([]float32{1, 2, 3}, 3, 1)
	for want, forward := range map[string]func(t *autograd.Tape, b *dataset.Batch) *autograd.Var{
		"train: prediction: oh":                        func(*autograd.Tape, *dataset.Batch) *autograd.Var { panic("oh") },
		"train: prediction: runtime.Goexit was called": func(*autograd.Tape, *dataset.Batch) *autograd.Var { runtime.Goexit(); return nil },
		"the model's result is [] for 3 samples, want [3, ...]": func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
			return autograd.Sum(t.Const(b.X))
		},
	} {
		p := predictor(t, newFixed(), train.PredictorOptions{Forward: forward})
		for range 2 { // the Predictor is well all the same
			_, err := p.PredictTensor(t.Context(), x)
			require.ErrorContains(t, err, want)
		}
	}
	p := predictor(t, newFixed(), train.PredictorOptions{})
	y, err := p.PredictTensor(t.Context(), tensor.New(tensor.Float32, 0, 1))
	require.NoError(t, err)
	require.Zero(t, y.Len())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.PredictTensor(ctx, x)
	require.ErrorIs(t, err, context.Canceled)
	for _, c := range []struct {
		model any
		o     train.PredictorOptions
		want  string
	}{
		{nil, train.PredictorOptions{}, "the model is nil"},
		{struct{}{}, train.PredictorOptions{}, "the model is a struct {}, want a layers.Layer"},
		{newFixed(), train.PredictorOptions{BatchSize: -1}, "PredictorOptions.BatchSize = -1, want at least 1"},
		{newFixed(), train.PredictorOptions{Workers: -1}, "PredictorOptions.Workers = -1, want at least 1"},
	} {
		_, err := train.NewPredictor(c.model, c.o)
		require.ErrorContains(t, err, c.want)
	}
}

// TestPredictTo: all rows, once, in order, in the same batches and bits on any number of ranks, and from where a
// prediction that failed had come. A rank takes as many batches at a time as it has workers.
func TestPredictTo(t *testing.T) {
	src := blobs(101, 3)
	whole, err := predictor(t, newNet(), train.PredictorOptions{BatchSize: 8}).Predict(t.Context(), src)
	require.NoError(t, err)
	want := tensor.Data[float32](whole)
	disk := errors.New("no space left on device")
	for _, ranks := range []int{1, 2, 3} {
		for _, from := range []int{0, 13, 101} {
			got := []float32{}
			next := from
			write := func(full int) func(first int, y *tensor.Tensor) error {
				return func(first int, y *tensor.Tensor) error {
					if first >= full {
						return disk
					}
					if first != next+len(got)/3 {
						return fmt.Errorf("first = %d after %d", first, next+len(got)/3)
					}
					got = append(got, tensor.Data[float32](y)...)
					return nil
				}
			}
			predict := func(full int) (errs []error, reached int) {
				errs = make([]error, ranks)
				begin := next + len(got)/3
				_ = launch.Local(t.Context(), ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
					p, err := train.NewPredictor(newNet(), train.PredictorOptions{BatchSize: 8, Workers: 3 - g.Rank()})
					if err != nil {
						return err
					}
					n, err := p.PredictTo(ctx, g, src, begin, write(full))
					if errs[g.Rank()] = err; g.Rank() == 0 {
						reached = n
					}
					return err
				})
				return errs, reached
			}
			if from < 40 {
				errs, reached := predict(40)
				require.ErrorIs(t, errs[0], disk)
				require.Equal(t, 40, reached)
				for _, err := range errs[1:] {
					require.ErrorContains(t, err, "rank 0 failed: no space left on device")
				}
			}
			errs, reached := predict(1000)
			for _, err := range errs {
				require.NoError(t, err)
			}
			require.Equal(t, 101, reached)
			require.Equal(t, want[3*from:], got, "%d ranks from %d", ranks, from)
		}
	}
	p := predictor(t, newNet(), train.PredictorOptions{})
	_, err = p.PredictTo(t.Context(), nil, src, 102, nil)
	require.EqualError(t, err, "train: PredictTo: from = 102, want 0 to 101")
}

// TestPredictToDiffers: ranks that would cut other batches, or of other samples, hear of it.
func TestPredictToDiffers(t *testing.T) {
	for _, other := range []struct {
		batch, samples, from int
		want                 string
	}{
		{9, 40, 0, "train: PredictTo: PredictorOptions.BatchSize is 9 on rank 1, and 8 on rank 0"},
		{8, 30, 0, "train: PredictTo: the number of samples is 30 on rank 1, and 40 on rank 0"},
		{8, 40, 16, "train: PredictTo: from is 16 on rank 1, and 0 on rank 0"},
	} {
		_ = launch.Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			batch, samples, from := 8, 40, 0
			if g.Rank() == 1 {
				batch, samples, from = other.batch, other.samples, other.from
			}
			p, err := train.NewPredictor(newNet(), train.PredictorOptions{BatchSize: batch})
			if err == nil {
				_, err = p.PredictTo(ctx, g, blobs(samples, 3), from, func(int, *tensor.Tensor) error { return nil })
			}
			assert.ErrorContains(t, err, other.want)
			return nil
		})
	}
}
