package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// A block of weights has at most so many queries and keys: with heads of 64 features, it and all that it is made of stay in a
// core's cache.
const (
	queryBlock = 64
	keyBlock   = 128
)

// blocks is Attention's arithmetic in one dtype.
type blocks[T vec.Float] struct {
	*attention
	q, k, v, y []T // where the first element of the first head lies; rows are ldq, ldk, ldv, f apart
	lse        []T // [B·Heads, Tq]
	add        []T // the mask, one of these two or neither
	forbid     []bool
	padding    []bool
}

func newBlocks[T vec.Float](n *node) *blocks[T] {
	a := n.aux.(*attention)
	b := &blocks[T]{attention: a, y: out[T](n), lse: tensor.Data[T](n.saved[0])}
	if a.together {
		all := in[T](n, 0)
		b.q, b.k, b.v = all, all[min(a.e, len(all)):], all[min(2*a.e, len(all)):]
	} else {
		b.q, b.k, b.v = in[T](n, 0), in[T](n, 1), in[T](n, 2)
	}
	if a.Mask != nil && a.Mask.DType() == tensor.Bool {
		b.forbid = tensor.Data[bool](a.Mask)
	} else if a.Mask != nil {
		b.add = tensor.Data[T](a.Mask)
	}
	if a.KeyPadding != nil {
		b.padding = tensor.Data[bool](a.KeyPadding)
	}
	return b
}

// workRooms returns room of so many elements for every worker, in a channel from which whoever works takes one, and the tensor
// that they lie in.
func workRooms[T vec.Float](n *node, size int) (chan []T, *tensor.Tensor) {
	workers := parallel.Workers()
	all := n.tape.pool.New(n.in[0].DType(), workers, size)
	rooms := make(chan []T, workers)
	for i := range workers {
		rooms <- tensor.Data[T](all)[i*size : (i+1)*size]
	}
	return rooms, all
}

// headAt returns where head h of sample s begins in rows of t steps, ld apart, of heads of d features.
func headAt(s, h, t, ld, d int) int { return s*t*ld + h*d }

// seen returns how many of the keys from j0 on query i may see for the order's sake.
func (b *blocks[T]) seen(i, j0, cols int) int {
	if !b.Causal {
		return cols
	}
	return min(cols, max(0, i+b.tk-b.tq+1-j0))
}

// products stores the scaled and masked products of queries [i0, i0+rows) and keys [j0, j0+cols) in s [rows, cols].
func (b *blocks[T]) products(s []T, sample, head, i0, rows, j0, cols int) {
	d := b.e / b.Heads
	q := b.q[headAt(sample, head, b.tq, b.ldq, d)+i0*b.ldq:]
	k := b.k[headAt(sample, head, b.tk, b.ldk, d)+j0*b.ldk:]
	blas.Gemm(blas.NoTrans, blas.Trans, rows, cols, d, T(b.Scale), q, max(b.ldq, 1), k, max(b.ldk, 1), 0, s, cols)
	never := T(math.Inf(-1))
	which := [...]int{0, sample, sample*b.Heads + head}[b.maskStride]
	for r := range rows {
		row, i := s[r*cols:(r+1)*cols], i0+r
		at := (which*b.tq+i)*b.tk + j0
		if b.add != nil {
			vec.Add(row, row, b.add[at:at+cols])
		}
		if b.forbid != nil {
			for j, no := range b.forbid[at : at+cols] {
				if no {
					row[j] = never
				}
			}
		}
		if b.padding != nil {
			for j, no := range b.padding[sample*b.tk+j0 : sample*b.tk+j0+cols] {
				if no {
					row[j] = never
				}
			}
		}
		vec.Fill(row[b.seen(i, j0, cols):], never)
	}
}

// drop multiplies each weight of a block by 0 or 1/(1−Dropout).
func (b *blocks[T]) drop(w []T, sample, head, i0, j0 int) {
	pcg := b.random(sample*b.Heads+head, i0, j0)
	keep, limit := T(1/(1-b.Dropout)), uint64(math.Round(b.Dropout*(1<<32)))
	var bits uint64
	for i := range w {
		if i%2 == 0 {
			bits = pcg.Uint64()
		}
		if bits&math.MaxUint32 < limit {
			w[i] = 0
		} else {
			w[i] *= keep
		}
		bits >>= 32
	}
}

// keysSeen returns before which key the queries before i1 stop seeing for the order's sake.
func (b *blocks[T]) keysSeen(i1 int) int {
	if !b.Causal {
		return b.tk
	}
	return min(b.tk, max(0, i1+b.tk-b.tq))
}

func attentionForward[T vec.Float](n *node) {
	b := newBlocks[T](n)
	per := (b.tq + queryBlock - 1) / queryBlock
	pieces := b.batch * b.Heads * per
	if pieces == 0 || b.f == 0 {
		return
	}
	rooms, all := workRooms[T](n, queryBlock*min(keyBlock, b.tk)+2*queryBlock)
	parallel.For(pieces, 1, func(lo, hi int) {
		room := <-rooms
		for p := lo; p < hi; p++ {
			head := p / per
			b.forward(head/b.Heads, head%b.Heads, p%per*queryBlock, room)
		}
		rooms <- room
	})
	n.tape.pool.Put(all)
}

// forward computes a block of queries against all keys, block by block. Of the softmax it keeps the largest product so far and
// the sum of exponentials relative to it; when a larger one comes, what there is shrinks accordingly.
func (b *blocks[T]) forward(sample, head, i0 int, room []T) {
	rows, df := min(queryBlock, b.tq-i0), b.f/b.Heads
	largest, sum, s := room[:rows], room[queryBlock:queryBlock+rows], room[2*queryBlock:]
	vec.Fill(largest, T(math.Inf(-1)))
	clear(sum)
	y := b.y[headAt(sample, head, b.tq, b.f, df)+i0*b.f:]
	for r := range rows {
		clear(y[r*b.f : r*b.f+df])
	}
	for j0 := 0; j0 < b.keysSeen(i0+rows); j0 += keyBlock {
		cols := min(keyBlock, b.tk-j0)
		s := s[:rows*cols]
		b.products(s, sample, head, i0, rows, j0, cols)
		for r := range rows {
			row := s[r*cols : (r+1)*cols]
			most := max(largest[r], vec.Max(row))
			if math.IsInf(float64(most), -1) { // nothing seen yet
				clear(row)
				continue
			}
			vec.AddScalar(row, -most, row)
			vec.Exp(row, row)
			if shrink := T(math.Exp(float64(largest[r] - most))); shrink != 1 {
				sum[r] *= shrink
				vec.Scale(y[r*b.f:r*b.f+df], shrink, y[r*b.f:r*b.f+df])
			}
			largest[r] = most
			sum[r] += vec.Sum(row)
		}
		if b.Dropout > 0 {
			b.drop(s, sample, head, i0, j0)
		}
		v := b.v[headAt(sample, head, b.tk, b.ldv, df)+j0*b.ldv:]
		blas.Gemm(blas.NoTrans, blas.NoTrans, rows, df, cols, 1, s, cols, v, b.ldv, 1, y, b.f)
	}
	lse := b.lse[(sample*b.Heads+head)*b.tq+i0:]
	for r := range rows {
		lse[r] = T(math.Inf(-1))
		if sum[r] != 0 { // NaN too
			vec.Scale(y[r*b.f:r*b.f+df], 1/sum[r], y[r*b.f:r*b.f+df])
			lse[r] = largest[r] + T(math.Log(float64(sum[r])))
		}
	}
}

// attentionBackward goes through the same blocks. With P the weights of a block, exp(products − lse), and δ = Σ dy·y of a query:
//
//	dV += Pᵀ·dY   dP = dY·Vᵀ   dS = P·(dP − δ)·scale   dQ += dS·K   dK += dSᵀ·Q
//
// Dropout multiplies P in the first and dP in the second.
func attentionBackward[T vec.Float](n *node) {
	b := newBlocks[T](n)
	g := &attentionGrad[T]{blocks: b, dy: outGrad[T](n)}
	var scratch [3]*tensor.Tensor
	if b.together {
		all := begin[T](n, 0)
		clear(all)
		g.dq, g.dk, g.dv = all, all[min(b.e, len(all)):], all[min(2*b.e, len(all)):]
	} else {
		for i, into := range []*[]T{&g.dq, &g.dk, &g.dv} {
			if n.wants(i) {
				*into = acc[T](n, i)
			} else {
				scratch[i] = n.tape.pool.New(n.in[i].DType(), n.in[i].Shape()...)
				*into = tensor.Data[T](scratch[i])
			}
		}
	}
	if b.batch*b.tq*b.tk*b.f > 0 {
		rooms, all := workRooms[T](n, 2*queryBlock*min(keyBlock, b.tk)+queryBlock)
		parallel.For(b.batch*b.Heads, 1, func(lo, hi int) {
			room := <-rooms
			for p := lo; p < hi; p++ {
				for i0 := 0; i0 < b.tq; i0 += queryBlock {
					g.backward(p/b.Heads, p%b.Heads, i0, room)
				}
			}
			rooms <- room
		})
		n.tape.pool.Put(all)
	}
	for _, t := range scratch {
		if t != nil {
			n.tape.pool.Put(t)
		}
	}
	if b.together {
		end[T](n, 0)
	}
}

type attentionGrad[T vec.Float] struct {
	*blocks[T]
	dq, dk, dv, dy []T
}

func (g *attentionGrad[T]) backward(sample, head, i0 int, room []T) {
	rows, d, df := min(queryBlock, g.tq-i0), g.e/g.Heads, g.f/g.Heads
	delta := room[:rows]
	size := (len(room) - queryBlock) / 2
	atY := headAt(sample, head, g.tq, g.f, df) + i0*g.f
	y, dy := g.y[atY:], g.dy[atY:]
	for r := range rows {
		delta[r] = vec.Dot(y[r*g.f:r*g.f+df], dy[r*g.f:r*g.f+df])
	}
	lse := g.lse[(sample*g.Heads+head)*g.tq+i0:]
	atQ := headAt(sample, head, g.tq, g.ldq, d) + i0*g.ldq
	for j0 := 0; j0 < g.keysSeen(i0+rows); j0 += keyBlock {
		cols := min(keyBlock, g.tk-j0)
		p, dp := room[queryBlock:queryBlock+rows*cols], room[queryBlock+size:queryBlock+size+rows*cols]
		g.products(p, sample, head, i0, rows, j0, cols)
		for r := range rows {
			row := p[r*cols : (r+1)*cols]
			switch {
			case math.IsInf(float64(lse[r]), -1):
				clear(row)
			case lse[r] != lse[r]: // a NaN among what the query sees
				visible(row)
			default:
				vec.AddScalar(row, -lse[r], row)
				vec.Exp(row, row)
			}
		}
		atK, atV := headAt(sample, head, g.tk, g.ldk, d)+j0*g.ldk, headAt(sample, head, g.tk, g.ldv, df)+j0*g.ldv
		blas.Gemm(blas.NoTrans, blas.Trans, rows, cols, df, 1, dy, g.f, g.v[atV:], g.ldv, 0, dp, cols)
		if g.Dropout > 0 {
			// dp·mask first, while p is whole; then dv needs p·mask, and ds needs p again.
			g.drop(dp, sample, head, i0, j0)
			g.scores(p, dp, delta, rows, cols)
			g.drop(p, sample, head, i0, j0)
		} else {
			g.scores(p, dp, delta, rows, cols)
		}
		blas.Gemm(blas.Trans, blas.NoTrans, cols, df, rows, 1, p, cols, dy, g.f, 1, g.dv[atV:], g.ldv)
		if d == 0 {
			continue
		}
		blas.Gemm(blas.NoTrans, blas.NoTrans, rows, d, cols, T(g.Scale), dp, cols, g.k[atK:], g.ldk, 1, g.dq[atQ:], g.ldq)
		blas.Gemm(blas.Trans, blas.NoTrans, cols, d, rows, T(g.Scale), dp, cols, g.q[atQ:], g.ldq, 1, g.dk[atK:], g.ldk)
	}
}

// scores stores p·(dp − δ) in dp.
func (g *attentionGrad[T]) scores(p, dp, delta []T, rows, cols int) {
	for r := range rows {
		row, weights := dp[r*cols:(r+1)*cols], p[r*cols:(r+1)*cols]
		vec.AddScalar(row, -delta[r], row)
		vec.Mul(row, row, weights)
		if delta[r]-delta[r] != 0 { // not finite: what the query does not see has no part in it
			for j, w := range weights {
				if w == 0 {
					row[j] = 0
				}
			}
		}
	}
}

// visible stores NaN for the products that a query sees and 0 for the others, which are −∞.
func visible[T vec.Float](row []T) {
	for j, v := range row {
		if row[j] = T(math.NaN()); math.IsInf(float64(v), -1) {
			row[j] = 0
		}
	}
}
