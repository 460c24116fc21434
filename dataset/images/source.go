package images

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// pipeline decodes images and passes them through the Ops.
type pipeline struct {
	Config
	shape []int // [C, H, W] of a sample

	mu   sync.Mutex
	idle []*worker
}

// worker is the memory of one goroutine that decodes.
type worker struct {
	im   Image
	data []byte
}

func newPipeline(c Config) *pipeline {
	return &pipeline{Config: c}
}

// maxKept bounds the pixels that an idle worker keeps memory for, so that one huge image does not stay.
const maxKept = 64 << 20

// hire returns a worker, with the memory of its last image.
func (p *pipeline) hire() *worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle) - 1
	if n < 0 {
		return new(worker)
	}
	w := p.idle[n]
	p.idle = p.idle[:n]
	return w
}

func (p *pipeline) release(w *worker) {
	im := &w.im
	if cap(im.Pix)+cap(im.other)+cap(im.kept)+cap(w.data) > maxKept {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, w)
}

// measure finds the shape of samples: from the Ops, or from the first image, whose name is for messages.
func (p *pipeline) measure(first func() (name string, data []byte, err error)) error {
	form, err := p.Config.check()
	if err != nil {
		return err
	}
	if form.H == 0 || form.W == 0 {
		name, data, err := first()
		if err != nil {
			return err
		}
		w := new(worker)
		if err := p.run(w, data, 0, 0); err != nil {
			return dataset.Malformed(name, "%w", err)
		}
		form.H, form.W = w.im.H, w.im.W
	}
	p.shape = []int{form.C, form.H, form.W}
	return nil
}

// run makes w's image that of data, behind all Ops.
func (p *pipeline) run(w *worker, data []byte, epoch, sample int) error {
	w.im.Float = nil
	if w.im.Pix == nil {
		w.im.Pix = w.im.kept
	}
	if err := decode(&w.im, data, &p.Config); err != nil {
		return err
	}
	r := random(p.Seed, epoch, sample)
	for _, op := range p.Ops {
		if s, ok := op.(ResizeShorter); ok {
			if h, width := s.size(w.im.H, w.im.W); h > p.MaxPixels/width {
				return fmt.Errorf("has %d×%d pixels, %d×%d when its shorter side is %d: the limit is %d pixels", w.im.W, w.im.H,
					width, h, s.Size, p.MaxPixels)
			}
		}
		op.Apply(&w.im, r)
	}
	return nil
}

// into writes the sample made of data to place at of column x.
func (p *pipeline) into(x *tensor.Tensor, at int, w *worker, data []byte, epoch, sample int) error {
	n := p.shape[0] * p.shape[1] * p.shape[2]
	if !p.Bytes {
		w.im.floats = tensor.Data[float32](x)[at*n : (at+1)*n : (at+1)*n]
	}
	defer func() { w.im.floats, w.im.Float = nil, nil }()
	if err := p.run(w, data, epoch, sample); err != nil {
		return err
	}
	im := &w.im
	if got := []int{im.C, im.H, im.W}; !slices.Equal(got, p.shape) {
		return fmt.Errorf("gives a sample of shape %v, others have %v; end the Ops with a Resize or a crop", got, p.shape)
	}
	if p.Bytes {
		out, plane := tensor.Data[uint8](x)[at*n:(at+1)*n], im.H*im.W
		for c := range im.C {
			for i := range plane {
				out[c*plane+i] = im.Pix[i*im.C+c]
			}
		}
		return nil
	}
	if im.Float == nil {
		im.Floats(unit[:im.C])
	} else if &im.Float[0] != &w.im.floats[0] { // an Op has brought memory of its own
		copy(w.im.floats, im.Float)
	}
	return nil
}

// each calls fn for 0 … n-1 on the workers, and returns the error of the first number that failed; a panic is raised
// again on the caller's goroutine.
func (p *pipeline) each(n int, fn func(w *worker, i int) error) error {
	var next, failed atomic.Int64
	failed.Store(int64(n))
	errs := make([]error, n)
	var panicked atomic.Value
	work := func() {
		w := p.hire()
		defer func() {
			if v := recover(); v != nil {
				panicked.CompareAndSwap(nil, caught{v})
				failed.Store(-1)
				return
			}
			p.release(w)
		}()
		for {
			i := int(next.Add(1)) - 1
			if i >= n || int64(i) > failed.Load() { // numbers are handed out in order: all before a failure are done
				return
			}
			if errs[i] = fn(w, i); errs[i] != nil {
				for f := failed.Load(); int64(i) < f && !failed.CompareAndSwap(f, int64(i)); f = failed.Load() {
				}
			}
		}
	}
	var running sync.WaitGroup
	for range min(p.Workers, n) - 1 {
		running.Go(work)
	}
	if n > 0 {
		work()
	}
	running.Wait()
	if v := panicked.Load(); v != nil {
		panic(v.(caught).value)
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

type caught struct{ value any }

// column is the column that samples have.
func (p *pipeline) column(name string) dataset.Column {
	return dataset.Column{Name: name, DType: p.dtype(), Shape: p.shape}
}

// Decode returns the image that data encodes as a sample [C, H, W], through c's Ops: what a source of the same Config
// gives as sample 0. It is for prediction on one image, and for a look at a pipeline.
func Decode(data []byte, c Config) (*tensor.Tensor, error) {
	c = c.withDefaults("image")
	p := newPipeline(c)
	if err := p.measure(func() (string, []byte, error) { return c.Name, data, nil }); err != nil {
		return nil, err
	}
	x := tensor.New(p.dtype(), append([]int{1}, p.shape...)...)
	if err := p.into(x, 0, new(worker), data, 0, 0); err != nil {
		return nil, dataset.Malformed(c.Name, "%w", err)
	}
	return x.Reshape(p.shape...), nil
}
