package vec

// Relu stores max(x, 0) in dst; NaN stays NaN. dst may be x.
func Relu[T Float](dst, x []T) {
	same("Relu", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = max(x[i], 0)
	}
}

// ReluGrad stores dy in dst where x > 0, else zero: the gradient of y = relu(x) with respect to x. The output y serves
// as well as the input x. dst may be dy or x.
func ReluGrad[T Float](dst, dy, x []T) {
	same("ReluGrad", len(dst), len(dy))
	same("ReluGrad", len(dst), len(x))
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		g := dy[i]
		if x[i] <= 0 {
			g = 0
		}
		dst[i] = g
	}
}
