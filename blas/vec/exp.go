package vec

import "math"

// Exp stores eˣ in dst. dst may be x.
func Exp[T Float](dst, x []T) {
	same("Exp", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Exp(float64(x[i])))
	}
}
