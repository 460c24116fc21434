package layers

import "github.com/tutti-ml/tutti/tensor"

// Cast converts every parameter and every floating-point buffer of model to dtype d, Float32 or Float64, in memory of its
// own: a Set made before no longer follows them. Float64 is for checking; training is meant to run in Float32.
func Cast(model any, d tensor.DType) {
	for _, l := range walkOver(model).list {
		if from := l.Value().DType(); from == tensor.Float32 || from == tensor.Float64 {
			l.Replace(l.Value().Cast(d))
		}
	}
}
