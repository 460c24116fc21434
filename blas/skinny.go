// Skinny products: a large matrix S times at most a few rows or columns R, which is bound by how fast S can be read. S is
// read once, where it lies, in the order of its rows, and every element meets all of R.
//
//	S has rows along k        dot products of rows of S with rows of R     A·b, A·Bᵀ with few rows of A, A·B with few columns of B
//	S has rows across k       outer products of rows of S with rows of R   Aᵀ·b, A·B with few rows of A, Aᵀ·B with few columns of B

package blas

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// A skinny is one call: out[u, v] = alpha·Σ S[u, p]·R[v, p] + beta·out[u, v] for all u < lanes and v < few. It outlives the
// call in a pool.
type skinny[T kernel.Float] struct {
	isa         cpu.ISA
	lanes, k    int
	few         int
	alpha, beta T
	s           *T
	lds         int
	c           *T
	cs, cr      int // from out[u, v] to out[u+1, v] and to out[u, v+1]
	factors     []T // R, packed
	strip       int // lanes that outer products take at a time
	scratch     *sync.Pool

	dots, outers func(lo, hi int)
}

func newSkinny[T kernel.Float](scratch *sync.Pool) *skinny[T] {
	v := &skinny[T]{scratch: scratch}
	v.dots, v.outers = v.doDots, v.doOuters
	return v
}

var (
	sSkinnies = sync.Pool{New: func() any { return newSkinny[float32](&sScratch) }}
	dSkinnies = sync.Pool{New: func() any { return newSkinny[float64](&dScratch) }}
)

// Bounds of what is skinny: mostDots rows of R fit the first-level cache beside S, and the kernel takes no more; mostOuters rows
// of the result fit the second-level cache in strips worth reading. Below leastSkinny elements, S is in the cache and the tiles are
// better.
const (
	mostDots    = kernel.DotsR
	mostOuters  = 3 * kernel.OuterM
	leastSkinny = 64 * 256
	leastDot    = 64 // steps of k: the sums of a vector at the end of a dot product must not count
)

// trySkinny multiplies if the shape is skinny; the arguments are valid, m, n > 1 and k > 0.
func trySkinny[T kernel.Float](pool *sync.Pool, isa cpu.ISA, aT, bT bool, m, n, k int, alpha T, a *T, lda int, b *T, ldb int, beta T, c *T, ldc int) bool {
	lanes, few, flip := n, m, false
	if m > n {
		lanes, few, flip = m, n, true
	}
	if few > mostDots || lanes < 4*few || lanes*k < leastSkinny {
		return false
	}
	v := pool.Get().(*skinny[T])
	v.isa, v.lanes, v.k, v.few, v.alpha, v.beta, v.c = isa, lanes, k, few, alpha, beta, c
	// R [few, k] is op(A), or op(B)ᵀ if S is A.
	r, rs, ks := a, lda, 1
	v.s, v.lds, v.cs, v.cr = b, ldb, 1, ldc
	along := bT // rows of S run along k
	if aT {
		rs, ks = 1, lda
	}
	if flip {
		r, rs, ks = b, 1, ldb
		v.s, v.lds, v.cs, v.cr = a, lda, ldc, 1
		along = !aT
		if bT {
			rs, ks = ldb, 1
		}
	}
	done := true
	switch {
	case along && k >= leastDot:
		v.packDots(r, rs, ks)
		run(ceil(lanes, kernel.DotsS), max(1, minShare/(4*few*kernel.DotsS*k)), v.dots)
	case !along && few <= mostOuters:
		v.packOuters(r, rs, ks)
		run(ceil(lanes, v.strip), max(1, minShare/(4*few*v.strip*k)), v.outers)
	default:
		done = false
	}
	v.s, v.c = nil, nil // keep nothing of the caller's alive
	pool.Put(v)
	return done
}

// dotsBlock is how many steps of k dot products go at a time, so that rows of R stay in the first-level cache.
func dotsBlock[T kernel.Float]() int { return 2048 / elementSize[T]() }

// packDots copies R to blocks of dotsBlock steps of k, and a block by rows.
func (v *skinny[T]) packDots(r *T, rs, ks int) {
	v.factors = grow(v.factors, v.few*v.k)
	block := dotsBlock[T]()
	for p := 0; p < v.k; p += block {
		n := min(block, v.k-p)
		to := &v.factors[p*v.few]
		if ks != 1 {
			kernel.Transpose(v.isa, to, n, at(r, p*ks), ks, n, v.few)
			continue
		}
		for i := range v.few {
			copy(v.factors[p*v.few+i*n:][:n], slice(at(r, i*rs+p), n))
		}
	}
}

// doDots computes groups lo to hi of kernel.DotsS lanes. The last lanes, if they are fewer, are computed one at a time by the
// same kernel, for it reads whole groups.
func (v *skinny[T]) doDots(lo, hi int) {
	const group = kernel.DotsS
	end := min(hi*group, v.lanes)
	u := lo * group
	for ; u+group <= end; u += group {
		v.dot(u, v.lds, group)
	}
	for ; u < end; u++ {
		v.dot(u, 0, 1)
	}
}

// dot computes count lanes from u on, whose rows are lds apart for the kernel.
func (v *skinny[T]) dot(u, lds, count int) {
	const group = kernel.DotsS
	block := dotsBlock[T]()
	var sums [group * kernel.DotsR]T
	for p := 0; p < v.k; p += block {
		n := min(block, v.k-p)
		kernel.Dots(v.isa, v.few, n, at(v.s, u*v.lds+p), lds, &v.factors[p*v.few], n, &sums)
	}
	to, step := at(v.c, u*v.cs), v.cs
	for j := range v.few {
		four := sums[j*group : j*group+count]
		if v.beta == 0 {
			for i, sum := range four {
				*at(to, i*step) = v.alpha * sum
			}
		} else {
			for i, sum := range four {
				*at(to, i*step) = v.beta**at(to, i*step) + T(v.alpha*sum)
			}
		}
		if j < v.few-1 { // no address past the end
			to = at(to, v.cr)
		}
	}
}

// Bounds of a strip: mostStrip elements of the result stay in the second-level cache; leastStrip lanes are worth reading.
const (
	mostStrip  = 1 << 15
	leastStrip = 256
)

// factor returns where F[i, p] lies for kernel.Outer.
func (v *skinny[T]) factor(i, p int) int {
	const m, k = kernel.OuterM, kernel.OuterK
	return ((p/k*ceil(v.few, m)+i/m)*k+p%k)*m + i%m
}

// packOuters copies R to the order in which kernel.Outer uses it; rows that fill up the last group are zero. It makes strips
// of as many lanes as can be, for rows of S are read in long stretches then, but at least two for each of several workers.
func (v *skinny[T]) packOuters(r *T, rs, ks int) {
	rows := ceil(v.few, kernel.OuterM) * kernel.OuterM
	v.strip = mostStrip / rows &^ 63
	if workers := parallel.Workers(); workers > 1 {
		v.strip = max(leastStrip, min(v.strip, ceil(ceil(v.lanes, 2*workers), 64)*64))
	}
	v.factors = grow(v.factors, rows*ceil(v.k, kernel.OuterK)*kernel.OuterK)
	clear(v.factors)
	for p := range v.k {
		for i := range v.few {
			v.factors[v.factor(i, p)] = *at(r, i*rs+p*ks)
		}
	}
}

// doOuters computes strips lo to hi of lanes.
func (v *skinny[T]) doOuters(lo, hi int) {
	groups := ceil(v.few, kernel.OuterM)
	buf := v.scratch.Get().(*[]T)
	for ; lo < hi; lo++ {
		u := lo * v.strip
		n := min(v.strip, v.lanes-u)
		whole := n &^ (kernel.OuterN - 1)
		ld := ceil(n, 16)*16 + 16 // not a power of two: columns would fall into few sets of the cache
		*buf = grow(*buf, groups*kernel.OuterM*ld)
		clear(*buf)
		if whole > 0 {
			kernel.Outer(v.isa, v.k, groups, whole, &v.factors[0], at(v.s, u), v.lds, &(*buf)[0], ld)
		}
		for p := 0; p < v.k && whole < n; p++ { // what the kernel has left
			row := slice(at(v.s, p*v.lds+u+whole), n-whole)
			for i := range v.few {
				kernel.Axpy(v.isa, v.factors[v.factor(i, p)], row, (*buf)[i*ld+whole:i*ld+n])
			}
		}
		v.putRows(u, n, *buf, ld)
	}
	v.scratch.Put(buf)
}

// putRows stores the sums of lanes [u0, u0+n), whose rows are ld apart.
func (v *skinny[T]) putRows(u0, n int, sums []T, ld int) {
	if v.cs != 1 && v.alpha == 1 && v.beta == 0 {
		kernel.Transpose(v.isa, at(v.c, u0*v.cs), v.cs, &sums[0], ld, v.few, n)
		return
	}
	for i := range v.few {
		row := sums[i*ld : i*ld+n]
		if v.alpha != 1 {
			kernel.Scal(v.isa, v.alpha, row)
		}
		switch to := at(v.c, u0*v.cs+i*v.cr); {
		case v.cs == 1 && v.beta == 0:
			copy(slice(to, n), row)
		case v.beta == 0:
			for u, sum := range row {
				*at(to, u*v.cs) = sum
			}
		default:
			for u, sum := range row {
				*at(to, u*v.cs) = v.beta**at(to, u*v.cs) + sum
			}
		}
	}
}
