package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// channels is a pass of BatchNorm over [N, C, S], channel by channel, with two ways through memory. Where a channel has many
// positions, a row is the S positions of one channel of one sample. Where it has few (S = 1 after a linear layer), a row is
// all positions of several channels, and what is one number a channel is repeated for each position of it.
type channels[T vec.Float] struct {
	n, c, s int
	x       []T
	y, dy   []T // the destination; the gradient of the result

	pass                   channelPass
	mean, rstd, gain, bias []T
	sums                   [2][]float64 // what a pass stores in, or spreads
	count                  float64      // of values a channel, over all replicas

	rows []T              // room for all channels
	run  func(lo, hi int) // runPass, bound once: a function value made in generic code is allocated every time
}

// channelPass is what is done to channels.
type channelPass int

const (
	moments channelPass = iota
	normalise
	gradSums
	spreadGrad
)

// passes is a tape's channels, for each dtype.
type passes struct {
	f32 channels[float32]
	f64 channels[float64]
}

// channelsOf returns the tape's channels, set to x [N, C, ...].
func channelsOf[T vec.Float](n *node) *channels[T] {
	p, ok := any(&n.tape.passes.f32).(*channels[T])
	if !ok {
		p = any(&n.tape.passes.f64).(*channels[T])
	}
	samples, c, s := planes(n.in[0].Shape())
	*p = channels[T]{n: samples, c: c, s: s, x: in[T](n, 0), run: p.run}
	if p.run == nil {
		p.run = p.runPass
	}
	return p
}

// narrow is the number of positions below which a row takes in several channels: about what a call on a row costs.
const narrow = 32

// rowsAtOnce is how many rows' sums are added in T before they are added in float64.
const rowsAtOnce = 32

// each runs a pass on runs of channels [lo, hi), with room of its own: four rows.
func (p *channels[T]) each(n *node, what channelPass) {
	if p.n == 0 || p.s == 0 {
		return
	}
	t := n.tape.pool.New(n.in[0].DType(), 4*p.c*p.s)
	p.rows, p.pass = tensor.Data[T](t), what
	grain := max(1, 1<<14/(p.n*p.s))
	if p.s < narrow {
		grain = max(grain, narrow/p.s)
	}
	parallel.For(p.c, grain, p.run)
	p.rows = nil
	n.tape.pool.Put(t)
}

func (p *channels[T]) runPass(lo, hi int) {
	var room [4][]T
	for i := range room {
		room[i] = p.rows[(i*p.c+lo)*p.s : (i*p.c+hi)*p.s]
	}
	switch p.pass {
	case moments:
		p.moments(lo, hi, room)
	case normalise:
		p.normalise(lo, hi, room)
	case gradSums:
		p.gradSums(lo, hi, room)
	case spreadGrad:
		p.spreadGrad(lo, hi, room)
	}
}

// row returns the elements of channels [lo, hi) of sample i.
func (p *channels[T]) row(x []T, i, lo, hi int) []T { return x[(i*p.c+lo)*p.s : (i*p.c+hi)*p.s] }

// repeat stores v(c) at each position of every channel c of [lo, hi).
func (p *channels[T]) repeat(dst []T, lo, hi int, v func(c int) T) {
	for c := lo; c < hi; c++ {
		vec.Fill(dst[(c-lo)*p.s:(c-lo+1)*p.s], v(c))
	}
}

// fold adds the positions of each channel of row to its float64 sum, and clears row.
func (p *channels[T]) fold(sums []float64, row []T, lo, hi int) {
	for c := lo; c < hi; c++ {
		for _, v := range row[(c-lo)*p.s : (c-lo+1)*p.s] {
			sums[c] += float64(v)
		}
	}
	clear(row)
}

// moments stores, in sums, each channel's mean and the sum of squares of the distances from it. The destination holds nothing of use
// afterwards.
func (p *channels[T]) moments(lo, hi int, room [4][]T) {
	mean, squares := p.sums[0], p.sums[1]
	count := float64(p.n * p.s)
	clear(mean[lo:hi])
	clear(squares[lo:hi])
	if p.s >= narrow {
		for c := lo; c < hi; c++ {
			for i := range p.n {
				mean[c] += float64(vec.Sum(p.row(p.x, i, c, c+1)))
			}
			mean[c] /= count
			for i := range p.n {
				y := p.row(p.y, i, c, c+1)
				vec.AddScalar(y, -T(mean[c]), p.row(p.x, i, c, c+1))
				squares[c] += float64(vec.SumSq(y))
			}
			if p.far(c) {
				var rest float64
				for i := range p.n {
					rest += float64(vec.Sum(p.row(p.y, i, c, c+1)))
				}
				p.correct(c, rest)
			}
		}
		return
	}
	sum, means := room[0], room[1]
	clear(sum)
	for i := range p.n {
		vec.Add(sum, sum, p.row(p.x, i, lo, hi))
		if i%rowsAtOnce == rowsAtOnce-1 || i == p.n-1 {
			p.fold(mean, sum, lo, hi)
		}
	}
	for c := lo; c < hi; c++ {
		mean[c] /= count
	}
	p.repeat(means, lo, hi, func(c int) T { return T(mean[c]) })
	for i := range p.n {
		y := p.row(p.y, i, lo, hi)
		vec.Sub(y, p.row(p.x, i, lo, hi), means)
		vec.MulAdd(sum, y, y)
		if i%rowsAtOnce == rowsAtOnce-1 || i == p.n-1 {
			p.fold(squares, sum, lo, hi)
		}
	}
	p.correctFar(lo, hi, sum)
}

// far reports whether the rounding error of channel c's mean may show: its square is not small beside the mean square.
func (p *channels[T]) far(c int) bool {
	mean, squares := p.sums[0][c], p.sums[1][c]
	return squares < mean*mean*float64(p.n*p.s)*0x1p-12
}

// correct makes the mean and the squares of channel c right, where rest is the sum of what is left of its values: of
// equal ones 0.
func (p *channels[T]) correct(c int, rest float64) {
	count := float64(p.n * p.s)
	used := float64(T(p.sums[0][c]))
	p.sums[0][c] = used + rest/count
	p.sums[1][c] = max(0, p.sums[1][c]-rest/count*rest)
}

// correctFar corrects those of channels [lo, hi) that are far, of few positions. sum is zero.
func (p *channels[T]) correctFar(lo, hi int, sum []T) {
	some := false
	for c := lo; c < hi; c++ {
		some = some || p.far(c)
	}
	if !some {
		return
	}
	t := make([]float64, p.c)
	for i := range p.n {
		vec.Add(sum, sum, p.row(p.y, i, lo, hi))
		if i%rowsAtOnce == rowsAtOnce-1 || i == p.n-1 {
			p.fold(t, sum, lo, hi)
		}
	}
	for c := lo; c < hi; c++ {
		if p.far(c) {
			p.correct(c, t[c])
		}
	}
}

// normalise stores (x − mean)·rstd·gain + bias.
func (p *channels[T]) normalise(lo, hi int, room [4][]T) {
	mean, rstd, gain, bias := p.mean, p.rstd, p.gain, p.bias
	scale := func(c int) T {
		if gain == nil {
			return rstd[c]
		}
		return rstd[c] * gain[c]
	}
	if p.s >= narrow {
		for i := range p.n {
			for c := lo; c < hi; c++ {
				y := p.row(p.y, i, c, c+1)
				vec.AddScalar(y, -mean[c], p.row(p.x, i, c, c+1))
				vec.Scale(y, scale(c), y)
				if bias != nil {
					vec.AddScalar(y, bias[c], y)
				}
			}
		}
		return
	}
	means, scales, shifts := room[0], room[1], room[2]
	p.repeat(means, lo, hi, func(c int) T { return mean[c] })
	p.repeat(scales, lo, hi, scale)
	if bias != nil {
		p.repeat(shifts, lo, hi, func(c int) T { return bias[c] })
	}
	for i := range p.n {
		y := p.row(p.y, i, lo, hi)
		vec.Sub(y, p.row(p.x, i, lo, hi), means)
		vec.Mul(y, y, scales)
		if bias != nil {
			vec.Add(y, y, shifts)
		}
	}
}

// gradSums stores, in sums, Σ dy and Σ dy·(x − mean) of each channel.
func (p *channels[T]) gradSums(lo, hi int, room [4][]T) {
	mean, sumDy, sumDyX := p.mean, p.sums[0], p.sums[1]
	clear(sumDy[lo:hi])
	clear(sumDyX[lo:hi])
	if p.s >= narrow {
		centred := room[0][:p.s]
		for c := lo; c < hi; c++ {
			for i := range p.n {
				dy := p.row(p.dy, i, c, c+1)
				vec.AddScalar(centred, -mean[c], p.row(p.x, i, c, c+1))
				sumDy[c] += float64(vec.Sum(dy))
				sumDyX[c] += float64(vec.Dot(dy, centred))
			}
		}
		return
	}
	means, sum, centred := room[0], room[1], room[2]
	p.repeat(means, lo, hi, func(c int) T { return mean[c] })
	clear(sum)
	for i := range p.n {
		vec.Add(sum, sum, p.row(p.dy, i, lo, hi))
		if i%rowsAtOnce == rowsAtOnce-1 || i == p.n-1 {
			p.fold(sumDy, sum, lo, hi)
		}
	}
	for i := range p.n {
		vec.Sub(centred, p.row(p.x, i, lo, hi), means)
		vec.MulAdd(sum, centred, p.row(p.dy, i, lo, hi))
		if i%rowsAtOnce == rowsAtOnce-1 || i == p.n-1 {
			p.fold(sumDyX, sum, lo, hi)
		}
	}
}

// spreadGrad stores rstd·gain·(dy − Σ dy/M − x̂·Σ dy·x̂/M) for M values a channel.
func (p *channels[T]) spreadGrad(lo, hi int, room [4][]T) {
	mean, rstd, gain, sumDy, sumDyX, m := p.mean, p.rstd, p.gain, p.sums[0], p.sums[1], p.count
	outer := func(c int) T {
		if gain == nil {
			return rstd[c]
		}
		return rstd[c] * gain[c]
	}
	onX := func(c int) T { return T(-float64(outer(c)) * float64(rstd[c]) * sumDyX[c] / m) } // the factor of x − mean
	shift := func(c int) T { return T(-float64(outer(c)) * sumDy[c] / m) }
	if p.s >= narrow {
		for i := range p.n {
			for c := lo; c < hi; c++ {
				dx := p.row(p.y, i, c, c+1)
				vec.AddScalar(dx, -mean[c], p.row(p.x, i, c, c+1))
				vec.Scale(dx, onX(c), dx)
				vec.Axpy(dx, outer(c), p.row(p.dy, i, c, c+1))
				vec.AddScalar(dx, shift(c), dx)
			}
		}
		return
	}
	means, onXs, outers, shifts := room[0], room[1], room[2], room[3]
	p.repeat(means, lo, hi, func(c int) T { return mean[c] })
	p.repeat(onXs, lo, hi, onX)
	p.repeat(outers, lo, hi, outer)
	p.repeat(shifts, lo, hi, shift)
	for i := range p.n {
		dx := p.row(p.y, i, lo, hi)
		vec.Sub(dx, p.row(p.x, i, lo, hi), means)
		vec.Mul(dx, dx, onXs)
		vec.MulAdd(dx, p.row(p.dy, i, lo, hi), outers)
		vec.Add(dx, dx, shifts)
	}
}
