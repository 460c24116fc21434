package vec

// This file holds the sums. All of them add in one order, which depends on the length alone.

// block is the number of elements summed in eight lanes before their sum joins the pairwise tree.
const block = 1024

// Sum returns the sum of x, accumulated in T.
//
// Order: x is cut into blocks of 1024 elements. In a block, lane j of eight adds elements j, j+8, j+16, …; the lanes are
// combined as ((0+4)+(2+6)) + ((1+5)+(3+7)). Block sums are added pairwise: n blocks split at the largest power of two
// below n. So the error is at most (130 + log2(len/1024))·ε·Σ|x|, with ε = 2⁻²⁴ for float32, 2⁻⁵³ for float64.
func Sum[T Float](x []T) T {
	if len(x) <= block {
		return sumBlock(x)
	}
	h := halve(len(x))
	return Sum(x[:h]) + Sum(x[h:])
}

// Dot returns Σ a·b, accumulated in T in the order of Sum.
func Dot[T Float](a, b []T) T {
	same("Dot", len(a), len(b))
	return dot(a, b)
}

// SumSq returns Σ x², accumulated in T in the order of Sum.
func SumSq[T Float](x []T) T { return dot(x, x) }

func dot[T Float](a, b []T) T {
	if len(a) <= block {
		return dotBlock(a, b)
	}
	h := halve(len(a))
	return dot(a[:h], b[:h]) + dot(a[h:], b[h:])
}

// halve returns where to split n > block elements: the largest power of two times block that is below n.
func halve(n int) int {
	h := block
	for 2*h < n {
		h *= 2
	}
	return h
}

func sumBlock[T Float](x []T) T {
	var s [8]T
	for ; len(x) >= 8; x = x[8:] {
		s[0] += x[0]
		s[1] += x[1]
		s[2] += x[2]
		s[3] += x[3]
		s[4] += x[4]
		s[5] += x[5]
		s[6] += x[6]
		s[7] += x[7]
	}
	for i, v := range x {
		s[i&7] += v
	}
	return lanes(&s)
}

func dotBlock[T Float](a, b []T) T {
	var s [8]T
	for ; len(a) >= 8 && len(b) >= 8; a, b = a[8:], b[8:] {
		s[0] += a[0] * b[0]
		s[1] += a[1] * b[1]
		s[2] += a[2] * b[2]
		s[3] += a[3] * b[3]
		s[4] += a[4] * b[4]
		s[5] += a[5] * b[5]
		s[6] += a[6] * b[6]
		s[7] += a[7] * b[7]
	}
	b = b[:len(a)]
	for i, v := range a {
		s[i&7] += v * b[i]
	}
	return lanes(&s)
}

// lanes adds eight lanes the way a 256-bit register is folded: in halves.
func lanes[T Float](s *[8]T) T {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}
