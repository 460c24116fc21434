// The portable GEMM kernel: a 2×4 tile in scalars, the reference of every other.

package kernel

import "unsafe"

// tile is Gemm.Tile in portable Go.
func tile[T Float](tiles, k int, alpha T, a *T, rsa, csa, next int, b *T, rsb int, beta T, c *T, ldc int) {
	for ; tiles > 1; tiles-- {
		oneTile(k, alpha, a, rsa, csa, b, rsb, beta, c, ldc)
		a, c = at(a, next), at(c, 2*ldc)
	}
	oneTile(k, alpha, a, rsa, csa, b, rsb, beta, c, ldc)
}

// oneTile computes a tile. Eight sums, four elements of B and two of A are what the 16 vector registers of amd64
// hold; with 4×4 the compiler spills, and runs at half the speed. Pointers advance by bytes, computed once, not by products of
// indices in the loop. On architectures where the compiler fuses x*y + z the sums are fused, elsewhere
// not.
func oneTile[T Float](k int, alpha T, a *T, rsa, csa int, b *T, rsb int, beta T, c *T, ldc int) {
	size := int(unsafe.Sizeof(alpha))
	if k == 0 {
		edge(2, 4, 0, alpha, a, rsa, csa, b, rsb, beta, c, ldc)
		return
	}
	var c00, c01, c02, c03, c10, c11, c12, c13 T
	pa, pb := unsafe.Pointer(a), unsafe.Pointer(b)
	row, nextA, nextB := rsa*size, csa*size, rsb*size
	for n := k; ; {
		r := (*[4]T)(pb)
		b0, b1, b2, b3 := r[0], r[1], r[2], r[3]
		u := *(*T)(pa)
		c00 += u * b0
		c01 += u * b1
		c02 += u * b2
		c03 += u * b3
		v := *(*T)(unsafe.Add(pa, row))
		c10 += v * b0
		c11 += v * b1
		c12 += v * b2
		c13 += v * b3
		if n--; n <= 0 { // a pointer past the end would be a lie to the garbage collector
			break
		}
		pa, pb = unsafe.Add(pa, nextA), unsafe.Add(pb, nextB)
	}
	write4(alpha, c00, c01, c02, c03, beta, c)
	write4(alpha, c10, c11, c12, c13, beta, at(c, ldc))
}

// tilePack is Gemm.TilePack in portable Go.
func tilePack[T Float](k int, alpha T, a *T, rsa, csa int, b *T, rsb int, dst *T, beta T, c *T, ldc int) {
	for p := range k {
		*(*[4]T)(unsafe.Pointer(at(dst, p*4))) = *(*[4]T)(unsafe.Pointer(at(b, p*rsb)))
	}
	oneTile(k, alpha, a, rsa, csa, dst, 4, beta, c, ldc)
}

// edge is Gemm.Edge in portable Go: a row of four, or an element, at a time, each by the operations of tile.
func edge[T Float](m, n, k int, alpha T, a *T, rsa, csa int, b *T, rsb int, beta T, c *T, ldc int) {
	for i := range m {
		if n == 4 {
			var c0, c1, c2, c3 T
			for p := range k {
				r, u := (*[4]T)(unsafe.Pointer(at(b, p*rsb))), *at(a, i*rsa+p*csa)
				c0 += u * r[0]
				c1 += u * r[1]
				c2 += u * r[2]
				c3 += u * r[3]
			}
			write4(alpha, c0, c1, c2, c3, beta, at(c, i*ldc))
			continue
		}
		for j := range n {
			var sum T
			for p := range k {
				sum += *at(a, i*rsa+p*csa) * *at(b, p*rsb+j)
			}
			to := at(c, i*ldc+j)
			if sum = T(alpha * sum); beta == 0 {
				*to = sum
			} else {
				*to = beta**to + sum
			}
		}
	}
}

// write4 stores one row of the tile.
func write4[T Float](alpha, v0, v1, v2, v3, beta T, c *T) {
	row := (*[4]T)(unsafe.Pointer(c))
	v0, v1, v2, v3 = T(alpha*v0), T(alpha*v1), T(alpha*v2), T(alpha*v3) // the conversion rounds: no fusing with beta's sum
	if beta == 0 {
		row[0], row[1], row[2], row[3] = v0, v1, v2, v3
		return
	}
	row[0] = beta*row[0] + v0
	row[1] = beta*row[1] + v1
	row[2] = beta*row[2] + v2
	row[3] = beta*row[3] + v3
}

// at returns the address of element i counted from p.
func at[T Float](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}
