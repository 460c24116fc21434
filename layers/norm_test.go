package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// norm.json is written by testdata/norm.py.
func TestNormsAsPyTorch(t *testing.T) {
	batchNorm := func(channels int, change func(l *layers.BatchNorm)) torchCase {
		return torchCase{model: func() any {
			l := layers.NewBatchNorm(channels)
			change(l)
			return l
		}}
	}
	same := func(*layers.BatchNorm) {}
	twice := batchNorm(3, func(l *layers.BatchNorm) { l.Momentum = 0 })
	twice.run = func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
		l := model.(*layers.BatchNorm)
		l.Forward(t, x[0])
		one := tensor.New(x[0].DType())
		one.Fill(1)
		return []*autograd.Var{l.Forward(t, autograd.Add(autograd.Scale(x[0], 0.5), t.Const(one)))}
	}
	evaluated := batchNorm(3, same)
	evaluated.infer = true
	of := func(l layers.Layer) torchCase { return torchCase{model: func() any { return l }} }
	unscaled := layers.NewLayerNorm(5)
	unscaled.Weight, unscaled.Bias = nil, nil
	checkTorch(t, "norm.json", map[string]torchCase{
		"BatchNorm 2d": batchNorm(3, same),
		"BatchNorm 1d of features": batchNorm(3, func(l *layers.BatchNorm) {
			l.Eps, l.Momentum = 1e-3, 0.3
		}),
		"BatchNorm 1d long":           batchNorm(2, same),
		"BatchNorm 3d":                batchNorm(2, same),
		"BatchNorm without gain":      batchNorm(3, func(l *layers.BatchNorm) { l.Weight, l.Bias = nil, nil }),
		"BatchNorm cumulative, twice": twice,
		"BatchNorm evaluated":         evaluated,
		"LayerNorm":                   of(layers.NewLayerNorm(5)),
		"LayerNorm without gain":      of(unscaled),
		"GroupNorm":                   of(layers.NewGroupNorm(3, 6)),
		"InstanceNorm":                of(layers.NewInstanceNorm(3, false)),
		"InstanceNorm with gain":      of(layers.NewInstanceNorm(3, true)),
		"InstanceNorm tracked":        {model: func() any { return layers.NewInstanceNorm(3, false).Track(3) }},
		"InstanceNorm tracked, with gain": {model: func() any {
			l := layers.NewInstanceNorm(3, true).Track(3)
			l.Momentum = 0.3
			return l
		}},
		"InstanceNorm tracked, evaluated":   {model: func() any { return layers.NewInstanceNorm(3, true).Track(3) }, infer: true},
		"LocalResponseNorm":                 of(layers.LocalResponseNorm{Size: 3, Alpha: 0.5, Beta: 0.6, K: 1.5}),
		"LocalResponseNorm of an even size": of(layers.LocalResponseNorm{Size: 4}),
	})
}

// On tapes that train at the same time, running statistics are moved without a race; a collector gets what they would have
// been moved by, and nothing moves.
func TestBatchNormObservations(t *testing.T) {
	l := layers.NewBatchNorm(2)
	x := tensor.New(tensor.Float32, 4, 2)
	x.Normal(seeded(), 3, 2)
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 25 {
				tape := autograd.NewTape(autograd.Train, nil)
				l.Forward(tape, tape.Const(x))
			}
		}()
	}
	for range 4 {
		<-done
	}
	assert.EqualValues(t, 100, l.NumBatchesTracked.Count())
	mean := tensor.Data[float32](l.RunningMean.Value())
	tape := autograd.NewTape(autograd.Train, nil)
	seen := map[*autograd.Buffer][]float32{}
	tape.OnObserve(func(b *autograd.Buffer, rate float64, sample *tensor.Tensor) {
		seen[b] = nil
		if sample != nil {
			seen[b] = append(seen[b], tensor.Data[float32](sample)...)
			assert.Equal(t, 0.1, rate)
		}
	})
	before := append([]float32{}, mean...)
	l.Forward(tape, tape.Const(x))
	assert.Equal(t, before, mean, "the collector moves the statistics, not the layer")
	assert.EqualValues(t, 100, l.NumBatchesTracked.Count())
	assert.Len(t, seen, 3)
	for i, m := range seen[l.RunningMean] { // after a hundred equal batches 0.9¹⁰⁰ of the start is left
		assert.InDelta(t, m, mean[i], 1e-4)
	}
	// A batch of no samples leaves everything as it is.
	alone := autograd.NewTape(autograd.Train, nil)
	l.Forward(alone, alone.Const(tensor.New(tensor.Float32, 0, 2)))
	assert.Equal(t, before, mean)
}

// meeting is a StatSync between goroutines: the last to come adds up, in order of rank.
type meeting struct {
	size    int
	arrive  chan request
	results []chan []float64
}

type request struct {
	rank int
	sums []float64
}

func newMeeting(size int) *meeting {
	m := &meeting{size: size, arrive: make(chan request)}
	for range size {
		m.results = append(m.results, make(chan []float64))
	}
	go func() {
		for {
			parts := make([][]float64, size)
			for range size {
				r, open := <-m.arrive
				if !open {
					return
				}
				parts[r.rank] = r.sums
			}
			sum := make([]float64, len(parts[0]))
			for _, p := range parts {
				for i, v := range p {
					sum[i] += v
				}
			}
			for _, c := range m.results {
				c <- sum
			}
		}
	}()
	return m
}

// member is one rank's end of a meeting.
type member struct {
	*meeting
	rank int
}

func (m member) Sum(sums []float64) {
	m.arrive <- request{m.rank, append([]float64{}, sums...)}
	copy(sums, <-m.results[m.rank])
}

// Synchronised replicas must compute what one replica computes from the whole batch: results, gradients, running statistics.
func TestBatchNormSynchronised(t *testing.T) {
	const n = 7 // cut in 3 and 4
	x := tensor.New(tensor.Float64, n, 3, 5)
	x.Normal(seeded(), 4, 2)
	r := tensor.New(tensor.Float64, n, 3, 5)
	r.Uniform(seeded(), 0.5, 1.5)
	run := func(l *layers.BatchNorm, lo, hi int) (y, dx, dgain *tensor.Tensor) {
		layers.Cast(l, tensor.Float64)
		in := autograd.NewParam(x.Slice(0, lo, hi).Clone())
		tape := autograd.NewTape(autograd.Train, nil)
		out := l.Forward(tape, tape.Use(in))
		tape.Backward(autograd.Sum(autograd.Mul(out, tape.Const(r.Slice(0, lo, hi)))))
		return out.Value(), tape.Grad(in), tape.Grad(l.Weight)
	}
	whole := layers.NewBatchNorm(3)
	y, dx, dgain := run(whole, 0, n)

	m := newMeeting(2)
	defer close(m.arrive)
	gains := make([]*tensor.Tensor, 2)
	check := func(rank, lo, hi int) {
		l := layers.NewBatchNorm(3)
		l.Sync = member{m, rank}
		py, pdx, pdgain := run(l, lo, hi)
		gains[rank] = pdgain
		closeTo(t, "result", y.Slice(0, lo, hi), py)
		closeTo(t, "gradient", dx.Slice(0, lo, hi), pdx)
		closeTo(t, "running mean", whole.RunningMean.Value(), l.RunningMean.Value())
		closeTo(t, "running variance", whole.RunningVar.Value(), l.RunningVar.Value())
	}
	done := make(chan struct{})
	go func() { defer close(done); check(1, 3, n) }()
	check(0, 0, 3)
	<-done
	for i, g := range tensor.Data[float64](dgain) { // gradients of parameters stay each replica's own share
		assert.InDelta(t, g, tensor.Data[float64](gains[0])[i]+tensor.Data[float64](gains[1])[i], 1e-11)
	}
}

func closeTo(t *testing.T, what string, want, got *tensor.Tensor) {
	t.Helper()
	w, g := tensor.Data[float64](want.Contiguous()), tensor.Data[float64](got.Contiguous())
	for i := range w {
		assert.InDelta(t, w[i], g[i], 1e-11, "%s[%d]", what, i)
	}
}
