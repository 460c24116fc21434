package layers

import "math/rand/v2"

// attentionExamples are the catalogue's attention, transformers and positional encodings.
func attentionExamples() []Example {
	return []Example{
		{"MultiheadAttention", []int{2, 3, 4}, func(rng *rand.Rand) Layer { return NewMultiheadAttention(rng, 4, 2) }},
		{"MultiheadAttention, rotary, with dropout", []int{2, 3, 4}, func(rng *rand.Rand) Layer {
			l := NewMultiheadAttention(rng, 4, 2)
			l.Rotary, l.Dropout = &Rotary{}, 0.3
			return l
		}},
		{"MultiheadAttention of three matrices, rotary", []int{2, 3, 4}, func(rng *rand.Rand) Layer {
			l := NewCrossAttention(rng, 4, 3, 4, 2)
			l.KProjWeight, l.Rotary = newParam(rng, XavierUniform, 4, 4), &Rotary{}
			return l
		}},
		{"TransformerEncoderLayer", []int{2, 3, 4}, func(rng *rand.Rand) Layer {
			return NewTransformerEncoderLayer(rng, TransformerConfig{Features: 4, Heads: 2, Hidden: 6, Dropout: 0.2, Activation: GELU{}})
		}},
		{"TransformerEncoder", []int{2, 3, 4}, func(rng *rand.Rand) Layer {
			return NewTransformerEncoder(rng, 2, TransformerConfig{Features: 4, Heads: 2, Hidden: 6, NormFirst: true, Activation: Tanh{}})
		}},
		{"SinusoidalEncoding", []int{2, 3, 4}, func(*rand.Rand) Layer { return NewSinusoidalEncoding() }},
		{"LearnedEncoding", []int{2, 3, 4}, func(rng *rand.Rand) Layer { return NewLearnedEncoding(rng, 5, 4) }},
	}
}
