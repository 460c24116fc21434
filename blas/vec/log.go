package vec

import "math"

// Log stores the natural logarithm of x in dst: of zero -Inf, of a negative number NaN. dst may be x.
func Log[T Float](dst, x []T) {
	same("Log", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Log(float64(x[i])))
	}
}
