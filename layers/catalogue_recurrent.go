package layers

import "math/rand/v2"

// recurrentExamples are the catalogue's recurrent layers.
func recurrentExamples() []Example {
	return []Example{
		{"RNN", []int{3, 4, 5}, func(rng *rand.Rand) Layer { return NewRNN(rng, false, RecurrentConfig{In: 5, Units: 3}) }},
		{"RNN with ReLU", []int{3, 4, 5}, func(rng *rand.Rand) Layer { return NewRNN(rng, true, RecurrentConfig{In: 5, Units: 3, Layers: 2}) }},
		{"LSTM", []int{3, 4, 5}, func(rng *rand.Rand) Layer { return NewLSTM(rng, RecurrentConfig{In: 5, Units: 3}) }},
		{"LSTM with all options", []int{2, 3, 4}, func(rng *rand.Rand) Layer {
			return NewLSTM(rng, RecurrentConfig{In: 4, Units: 3, Layers: 2, Bidirectional: true, Dropout: 0.3, NoBias: true})
		}},
		{"LSTM, projected", []int{2, 3, 4}, func(rng *rand.Rand) Layer {
			return NewLSTM(rng, RecurrentConfig{In: 4, Units: 3, Proj: 2, Layers: 2, Bidirectional: true})
		}},
		{"GRU", []int{3, 4, 5}, func(rng *rand.Rand) Layer { return NewGRU(rng, RecurrentConfig{In: 5, Units: 3}) }},
		{"GRU of two layers, both ways", []int{2, 3, 4}, func(rng *rand.Rand) Layer {
			return NewGRU(rng, RecurrentConfig{In: 4, Units: 3, Layers: 2, Bidirectional: true})
		}},
		{"ConvLSTM", []int{2, 2, 2, 3, 3}, func(rng *rand.Rand) Layer { return NewConvLSTM(rng, 2, 2, 3) }},
	}
}
