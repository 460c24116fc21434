package layers

import "math/rand/v2"

// activationExamples are the layers of activation.go and its neighbours, gates, softmaxes and noise.
func activationExamples() []Example {
	return []Example{
		always("ReLU6", ReLU6{}, 3, 5),
		always("LogSigmoid", LogSigmoid{}, 3, 5),
		always("GELUTanh", GELUTanh{}, 3, 5),
		always("SiLU", SiLU{}, 3, 5),
		always("Mish", Mish{}, 3, 5),
		always("SELU", SELU{}, 3, 5),
		always("Softsign", Softsign{}, 3, 5),
		always("Hardsigmoid", Hardsigmoid{}, 3, 5),
		always("Hardswish", Hardswish{}, 3, 5),
		always("Tanhshrink", Tanhshrink{}, 3, 5),
		always("LeakyReLU", LeakyReLU{}, 3, 5),
		always("RReLU", RReLU{}, 3, 5),
		always("ELU", ELU{}, 3, 5),
		always("CELU", CELU{Alpha: 2}, 3, 5),
		always("Softplus", Softplus{}, 3, 5),
		always("Softplus with options", Softplus{Beta: 2, Threshold: 1}, 3, 5),
		always("Hardtanh", Hardtanh{}, 3, 5),
		always("Softshrink", Softshrink{}, 3, 5),
		always("Hardshrink", Hardshrink{}, 3, 5),
		always("Threshold", Threshold{0.1, 2}, 3, 5),
		{"PReLU", []int{3, 5}, func(*rand.Rand) Layer { return NewPReLU(1) }},
		{"PReLU of channels", []int{2, 3, 2, 2}, func(*rand.Rand) Layer { return NewPReLU(3) }},
		always("GLU", GLU{}, 3, 6),
		always("SwiGLU", SwiGLU{}, 3, 6),
		always("GEGLU", GEGLU{}, 3, 6),
		always("ReGLU", ReGLU{}, 3, 6),
		always("Softmax", Softmax{}, 3, 5),
		always("Softmax of channels", Softmax{new(1)}, 2, 3, 4),
		always("LogSoftmax", LogSoftmax{}, 3, 5),
		always("LogSoftmax of channels", LogSoftmax{new(1)}, 2, 3, 4),
		always("Softmin", Softmin{}, 3, 5),
		always("ChannelDropout", ChannelDropout{0.3}, 3, 4, 2),
		always("AlphaDropout", AlphaDropout{0.3}, 3, 5),
		always("GaussianDropout", GaussianDropout{0.3}, 3, 5),
		always("GaussianNoise", GaussianNoise{0.3}, 3, 5),
	}
}

// always is an example of a layer without parameters.
func always(name string, l Layer, input ...int) Example {
	return Example{name, input, func(*rand.Rand) Layer { return l }}
}
