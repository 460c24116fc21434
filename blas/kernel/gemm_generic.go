// The portable GEMM kernel: a 4×4 tile in scalars, the reference of every other.

package kernel

import "unsafe"

// tile is Gemm.Tile in portable Go. On architectures where the compiler fuses x*y + z the sums are fused, elsewhere not.
func tile[T Float](k int, alpha T, a *T, rsa, csa int, b *T, rsb int, beta T, c *T, ldc int) {
	var (
		c00, c01, c02, c03 T
		c10, c11, c12, c13 T
		c20, c21, c22, c23 T
		c30, c31, c32, c33 T
	)
	for p := range k {
		row := (*[4]T)(unsafe.Pointer(at(b, p*rsb)))
		b0, b1, b2, b3 := row[0], row[1], row[2], row[3]
		ap := at(a, p*csa)
		v := *ap
		c00 += v * b0
		c01 += v * b1
		c02 += v * b2
		c03 += v * b3
		v = *at(ap, rsa)
		c10 += v * b0
		c11 += v * b1
		c12 += v * b2
		c13 += v * b3
		v = *at(ap, 2*rsa)
		c20 += v * b0
		c21 += v * b1
		c22 += v * b2
		c23 += v * b3
		v = *at(ap, 3*rsa)
		c30 += v * b0
		c31 += v * b1
		c32 += v * b2
		c33 += v * b3
	}
	write4(alpha, c00, c01, c02, c03, beta, c)
	write4(alpha, c10, c11, c12, c13, beta, at(c, ldc))
	write4(alpha, c20, c21, c22, c23, beta, at(c, 2*ldc))
	write4(alpha, c30, c31, c32, c33, beta, at(c, 3*ldc))
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
