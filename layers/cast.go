package layers

import "github.com/tutti-ml/tutti/tensor"

// Cast converts every parameter of model to dtype d, Float32 or Float64, in memory of its own: a Set made before no longer
// follows them. Float64 is for checking; training is meant to run in Float32.
func Cast(model any, d tensor.DType) {
	for _, p := range Params(model) {
		p.Replace(p.Value().Cast(d))
	}
}
