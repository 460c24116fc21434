package vec

// This file finds extremes. NaN is extreme both ways, as in PyTorch: a result without NaN proves that x has none.

// Max returns the largest element of x, or NaN if x has one. It panics on an empty x.
func Max[T Float](x []T) T {
	nonEmpty("Max", len(x))
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

// Min returns the smallest element of x, or NaN if x has one. It panics on an empty x.
func Min[T Float](x []T) T {
	nonEmpty("Min", len(x))
	m := x[0]
	for _, v := range x[1:] {
		m = min(m, v)
	}
	return m
}

// ArgMax returns the index of the first largest element of x, or of the first NaN if x has one. It panics on an empty x.
func ArgMax[T Float](x []T) int {
	nonEmpty("ArgMax", len(x))
	at, m := 0, x[0]
	for i, v := range x {
		if v != v {
			return i
		}
		if v > m {
			at, m = i, v
		}
	}
	return at
}

func nonEmpty(op string, n int) {
	if n == 0 {
		panic("vec: " + op + ": empty slice")
	}
}
