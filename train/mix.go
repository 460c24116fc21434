package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Mix makes a network see mixtures of two samples, whose targets are mixed likewise: mix-up blends their inputs, cut-mix
// puts a rectangle of one image into the other. Each partition's part of a batch draws one share λ, and sample i is mixed
// with the one before it, the first with the last; a part of one sample stays as it is.
//
//	mix-up    x ← λ·x + (1−λ)·x′                          λ from Beta(MixUp, MixUp)
//	cut-mix   a rectangle of 1−λ of the area is x′'s      λ from Beta(CutMix, CutMix), then what the edges leave of it
//	target    y ← λ·y + (1−λ)·y′
//
// Labels become probabilities [N, C] of Float32, C being the classes that the source's target has; so the loss must take
// these, as layers.CrossEntropy does, with or without LabelSmoothing. Targets that are numbers are mixed as they are. X must be
// of floats, for CutMix [N, C, H, W], and other columns are left alone. A LossFunc sees the mixed batch. Training accuracy is not
// counted (−1). Draws are a function of (Seed, step, partition), so results are of the partitions alone, as ever.
//
// Source: Zhang et al., arXiv:1710.09412; Yun et al., arXiv:1905.04899; torchvision's v2.MixUp and v2.CutMix.
type Mix struct {
	MixUp  float64 // α of mix-up's Beta distribution: 0.2 is usual with ImageNet; 0: none
	CutMix float64 // α of cut-mix's: 1 is usual; 0: none. With both, each part of a batch takes one, at even odds
}

// validateMix is Validate for Mix.
func (c Config) validateMix() error {
	m := c.Mix
	switch {
	case m == nil:
		return nil
	case !(m.MixUp >= 0) || !(m.CutMix >= 0) || !finite(m.MixUp+m.CutMix) || m.MixUp+m.CutMix == 0:
		return fmt.Errorf("train: Config.Mix = %+v, want α >= 0, and one above 0", *m)
	}
	spec := c.Train.Spec()
	x := spec.Input()
	y, ok := spec.Output()
	switch {
	case x.DType != 0 && x.DType != tensor.Float32 && x.DType != tensor.Float64 || x.Ragged || x.Text:
		return fmt.Errorf("train: Config.Mix is set, and column %q of Config.Train is %v, want floats", x.Name, x.DType)
	case m.CutMix > 0 && len(x.Shape) != 3:
		return fmt.Errorf("train: Config.Mix.CutMix = %v, and samples of Config.Train have shape %v, want [C H W]", m.CutMix, x.Shape)
	case ok && y.DType == tensor.Int64 && y.Classes == 0 || ok && (y.Ragged || y.Text || y.DType == tensor.Int32):
		return fmt.Errorf("train: Config.Mix is set, and column %q of Config.Train is %v of an unknown number of classes: nothing to mix",
			y.Name, y.DType)
	}
	return nil
}

// mixSeed keeps mixing's random numbers apart from the layers'.
const mixSeed = 0x6d69786d69786d69

// mix makes dst the mixture of batch. seed and step are the partition's.
func (m *Mix) mix(dst, batch *dataset.Batch, seed, step uint64) error {
	rng := rand.New(rand.NewPCG(seed^mixSeed, step))
	cut := m.CutMix > 0
	if cut && m.MixUp > 0 {
		cut = rng.Uint64()&1 == 0
	}
	alpha := m.MixUp
	if cut {
		alpha = m.CutMix
	}
	share := beta(rng, alpha)
	dst.Cut(batch, 0, batch.N)
	if cut {
		h, w := batch.X.Dim(2), batch.X.Dim(3)
		b := boxOf(share, h, w, rng.IntN(h), rng.IntN(w))
		share = 1 - float64((b.y1-b.y0)*(b.x1-b.x0))/float64(h*w)
		if batch.X.DType() == tensor.Float64 {
			paste[float64](dst.X, batch.X, b)
		} else {
			paste[float32](dst.X, batch.X, b)
		}
	} else {
		dst.X = blend(batch.X, share, dst.X)
	}
	if batch.Y == nil {
		return nil
	}
	y := batch.Y
	if y.DType() == tensor.Int64 {
		target, _ := batch.Spec().Output()
		var err error
		if y, err = oneHot(y, target.Classes); err != nil {
			return err
		}
	}
	dst.Y = blend(y, share, tensor.New(y.DType(), y.Shape()...))
	return nil
}

// blend sets dst to λ·x + (1−λ)·x′.
func blend(x *tensor.Tensor, share float64, dst *tensor.Tensor) *tensor.Tensor {
	if x.DType() == tensor.Float64 {
		blendOf[float64](x, share, dst)
	} else {
		blendOf[float32](x, share, dst)
	}
	return dst
}

func blendOf[T float](x *tensor.Tensor, share float64, dst *tensor.Tensor) {
	n := x.Dim(0)
	from, to := tensor.Data[T](x), tensor.Data[T](dst)
	width := len(from) / n
	a, b := T(share), T(1-share)
	for i := range n {
		mine, other := from[i*width:(i+1)*width], from[before(i, n)*width:]
		for k, v := range mine {
			to[i*width+k] = T(b*other[k]) + T(a*v)
		}
	}
}

// before is the sample that sample i of n is mixed with.
func before(i, n int) int { return (i + n - 1) % n }

// box is the pixels y0 ≤ y < y1, x0 ≤ x < x1.
type box struct{ y0, y1, x0, x1 int }

// boxOf is a rectangle around a pixel, of 1−λ of an image of h by w pixels, as far as it lies inside.
func boxOf(share float64, h, w, y, x int) box {
	r := 0.5 * math.Sqrt(1-share)
	dy, dx := int(r*float64(h)), int(r*float64(w))
	return box{max(0, y-dy), min(h, y+dy), max(0, x-dx), min(w, x+dx)}
}

// paste sets the box of each image of dst to that of the image before it in x.
func paste[T float](dst, x *tensor.Tensor, b box) {
	n, c, h, w := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	from, to := tensor.Data[T](x), tensor.Data[T](dst)
	for i := range n * c {
		other := before(i/c, n)*c + i%c
		for y := b.y0; y < b.y1; y++ {
			copy(to[(i*h+y)*w+b.x0:(i*h+y)*w+b.x1], from[(other*h+y)*w+b.x0:])
		}
	}
}

// oneHot gives labels [...] as probabilities [..., classes].
func oneHot(labels *tensor.Tensor, classes int) (*tensor.Tensor, error) {
	if labels.Rank() != 1 {
		return nil, fmt.Errorf("train: Config.Mix: labels have shape %v, want [N]", labels.Shape())
	}
	x := tensor.New(tensor.Float32, labels.Dim(0), classes)
	for i, label := range tensor.Data[int64](labels) {
		if label < 0 || label >= int64(classes) {
			return nil, fmt.Errorf("train: Config.Mix: a label is %d, want 0 to %d: one that is ignored cannot be mixed", label, classes-1)
		}
		tensor.Data[float32](x)[i*classes+int(label)] = 1
	}
	return x, nil
}

// beta draws from Beta(α, α), as X/(X+Y) of two of Gamma(α).
func beta(rng *rand.Rand, alpha float64) float64 {
	x, y := logGamma(rng, alpha), logGamma(rng, alpha)
	return 1 / (1 + math.Exp(y-x))
}

// logGamma draws the logarithm of a number from Gamma(α), which for a small α is itself too small.
// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
func logGamma(rng *rand.Rand, alpha float64) float64 {
	boost := 0.0
	if alpha < 1 {
		boost = math.Log(1-rng.Float64()) / alpha
		alpha++
	}
	d := alpha - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-rng.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return boost + math.Log(d*v)
		}
	}
}
