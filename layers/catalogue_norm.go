package layers

import "math/rand/v2"

// normExamples are the catalogue's normalisations.
func normExamples() []Example {
	return []Example{
		{"BatchNorm", []int{4, 3, 2, 3}, func(*rand.Rand) Layer { return NewBatchNorm(3) }},
		{"BatchNorm of long rows", []int{2, 3, 37}, func(*rand.Rand) Layer { return NewBatchNorm(3) }},
		{"BatchNorm of features", []int{5, 3}, func(*rand.Rand) Layer { return NewBatchNorm(3) }},
		{"BatchNorm without gain", []int{4, 3, 2}, func(*rand.Rand) Layer {
			l := NewBatchNorm(3)
			l.Weight, l.Bias = nil, nil
			return l
		}},
		{"BatchNorm with fixed statistics", []int{4, 3, 2}, func(*rand.Rand) Layer {
			l := NewBatchNorm(3)
			l.Fixed = true
			return l
		}},
		{"LayerNorm", []int{3, 2, 5}, func(*rand.Rand) Layer { return NewLayerNorm(5) }},
		{"LayerNorm without bias", []int{3, 5}, func(*rand.Rand) Layer {
			l := NewLayerNorm(5)
			l.Bias = nil
			return l
		}},
		{"RMSNorm", []int{3, 2, 5}, func(*rand.Rand) Layer { return NewRMSNorm(5) }},
		{"GroupNorm", []int{2, 6, 2, 3}, func(*rand.Rand) Layer { return NewGroupNorm(3, 6) }},
		{"InstanceNorm", []int{2, 3, 2, 3}, func(*rand.Rand) Layer { return NewInstanceNorm(3, false) }},
		{"InstanceNorm with gain", []int{2, 3, 7}, func(*rand.Rand) Layer { return NewInstanceNorm(3, true) }},
		{"InstanceNorm with running statistics", []int{2, 3, 7}, func(*rand.Rand) Layer { return NewInstanceNorm(3, true).Track(3) }},
		{"LocalResponseNorm", []int{2, 5, 2, 3}, func(*rand.Rand) Layer { return LocalResponseNorm{Size: 3, Alpha: 0.5} }},
	}
}
