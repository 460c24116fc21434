package layers

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/tensor"
)

// Gains say by how much an activation shrinks the standard deviation of what goes through it, as PyTorch's calculate_gain.
const (
	GainLinear  = 1.0
	GainSigmoid = 1.0
	GainTanh    = 5.0 / 3
	GainReLU    = math.Sqrt2
	GainSELU    = 3.0 / 4
)

// GainLeakyReLU returns the gain of a LeakyReLU of the given slope.
func GainLeakyReLU(slope float64) float64 { return math.Sqrt(2 / (1 + slope*slope)) }

// Fan says which way variance is kept.
type Fan int

const (
	FanIn      Fan = iota // of activations, forward
	FanOut                // of gradients, backward
	FanAverage            // between the two
)

// of returns the number of inputs, of outputs, or their mean, for a weight of the given shape.
func (f Fan) of(shape []int) float64 {
	in, out := Fans(shape)
	switch f {
	case FanIn:
		return float64(in)
	case FanOut:
		return float64(out)
	case FanAverage:
		return float64(in+out) / 2
	}
	panic(fmt.Sprintf("layers: Fan(%d): want FanIn, FanOut or FanAverage", int(f)))
}

// ScaledUniform returns an Init that draws evenly from ±gain·√(3/fan): KaimingUniform is that of FanIn and GainReLU,
// XavierUniform that of FanAverage and 1.
func ScaledUniform(f Fan, gain float64) Init {
	return func(rng *rand.Rand, x *tensor.Tensor) {
		bound := gain * math.Sqrt(3/f.of(x.Shape()))
		x.Uniform(rng, -bound, bound)
	}
}

// ScaledNormal returns an Init that draws from the normal distribution of standard deviation gain/√fan: KaimingNormal is that of
// FanIn and GainReLU, XavierNormal that of FanAverage and 1, LeCun's that of FanIn and 1.
func ScaledNormal(f Fan, gain float64) Init {
	return func(rng *rand.Rand, x *tensor.Tensor) { x.Normal(rng, 0, gain/math.Sqrt(f.of(x.Shape()))) }
}

// TruncatedNormal returns an Init that draws from the normal distribution, and again where a number is outside [lo, hi]. It
// panics unless the interval holds a fair share of the distribution: lo and hi on both sides of the mean, or within 2·std of it.
func TruncatedNormal(mean, std, lo, hi float64) Init {
	if !(std > 0 && lo < hi && lo < mean+2*std && hi > mean-2*std) {
		panic(fmt.Sprintf("layers: TruncatedNormal: mean %v, std %v, from %v to %v: want lo < hi, and that within 2·std of the mean",
			mean, std, lo, hi))
	}
	return func(rng *rand.Rand, x *tensor.Tensor) {
		draws := tensor.New(tensor.Float64, 256)
		var left []float64
		fill(x, func() float64 {
			for {
				if len(left) == 0 {
					draws.Normal(rng, mean, std)
					left = tensor.Data[float64](draws)
				}
				v := left[0]
				if left = left[1:]; lo <= v && v <= hi {
					return v
				}
			}
		})
	}
}

// Orthogonal returns an Init that makes the rows of a weight [out, in·window] orthogonal and gain long, or its columns if there
// are fewer of those: whatever goes through keeps its length. Source: Saxe, McClelland and Ganguli, arXiv:1312.6120.
func Orthogonal(gain float64) Init {
	return func(rng *rand.Rand, x *tensor.Tensor) {
		if x.Rank() < 2 {
			panic(fmt.Sprintf("layers: Orthogonal: shape %v has no axes of outputs and inputs", x.Shape()))
		}
		rows, cols := x.Dim(0), x.Len()/max(1, x.Dim(0))
		count, size := min(rows, cols), max(rows, cols)
		g := tensor.New(tensor.Float64, count, size)
		g.Normal(rng, 0, 1)
		q := tensor.Data[float64](g)
		for i := range count { // Gram and Schmidt, twice: that is as good as Householder
			v := q[i*size : (i+1)*size]
			for range 2 {
				for j := range i {
					u, dot := q[j*size:(j+1)*size], 0.0
					for k := range v {
						dot += float64(v[k] * u[k])
					}
					for k := range v {
						v[k] -= float64(dot * u[k])
					}
				}
			}
			normalise(v, 1e-300)
		}
		i := 0
		fill(x, func() float64 {
			at := i
			if rows > cols { // q holds the columns
				at = i%cols*size + i/cols
			}
			i++
			return gain * q[at]
		})
	}
}

// normalise divides x by its length, or by eps if that is more.
func normalise(x []float64, eps float64) {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	length := max(math.Sqrt(sum), eps)
	for i := range x {
		x[i] /= length
	}
}

// Sparse returns an Init for matrices [out, in] that draws from the normal distribution and then zeroes a share of each column,
// rounded up. Source: Martens, ICML 2010.
func Sparse(share, std float64) Init {
	if !(share >= 0 && share <= 1) {
		panic(fmt.Sprintf("layers: Sparse: share = %v, want 0 to 1", share))
	}
	return func(rng *rand.Rand, x *tensor.Tensor) {
		if x.Rank() != 2 {
			panic(fmt.Sprintf("layers: Sparse: shape %v, want [out, in]", x.Shape()))
		}
		x.Normal(rng, 0, std)
		rows, cols := x.Dim(0), x.Dim(1)
		zeros := int(math.Ceil(share * float64(rows)))
		drop := make([]bool, rows*cols)
		for c := range cols {
			for _, r := range rng.Perm(rows)[:zeros] {
				drop[r*cols+c] = true
			}
		}
		for i, z := range drop {
			if z {
				set(x, i, 0)
			}
		}
	}
}

// Eye fills a matrix with ones on the diagonal and zeros elsewhere: a linear layer that hands its input on.
func Eye(_ *rand.Rand, x *tensor.Tensor) {
	if x.Rank() != 2 {
		panic(fmt.Sprintf("layers: Eye: shape %v, want [out, in]", x.Shape()))
	}
	x.Zero()
	for i := range min(x.Dim(0), x.Dim(1)) {
		set(x, i*x.Dim(1)+i, 1)
	}
}

// Dirac returns an Init for filters [out, in/groups, window...] that hand their channels on, group by group, as far as there
// are inputs.
func Dirac(groups int) Init {
	return func(_ *rand.Rand, x *tensor.Tensor) {
		if x.Rank() < 3 || groups < 1 || x.Dim(0)%groups != 0 {
			panic(fmt.Sprintf("layers: Dirac: shape %v in %d groups, want [out, in/groups, window...]", x.Shape(), groups))
		}
		x.Zero()
		window, centre := 1, 0
		for _, s := range x.Shape()[2:] {
			window, centre = window*s, centre*s+s/2
		}
		out := x.Dim(0) / groups
		for g := range groups {
			for i := range min(out, x.Dim(1)) {
				set(x, ((g*out+i)*x.Dim(1)+i)*window+centre, 1)
			}
		}
	}
}

// fill sets the elements of x, which is Float32 or Float64 and contiguous, in row-major order.
func fill(x *tensor.Tensor, next func() float64) {
	for i := range x.Len() {
		set(x, i, next())
	}
}

func set(x *tensor.Tensor, i int, v float64) {
	if x.DType() == tensor.Float32 {
		tensor.Data[float32](x)[i] = float32(v)
		return
	}
	tensor.Data[float64](x)[i] = v
}
