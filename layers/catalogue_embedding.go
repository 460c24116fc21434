package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// embeddingExamples are the catalogue's tables. Their input is indices, so that they have none that could be differentiated.
func embeddingExamples() []Example {
	return []Example{
		{"Embedding", []int{3, 2}, func(rng *rand.Rand) Layer { return NewEmbedding(rng, 5, 4) }},
		{"EmbeddingBag", []int{3, 2}, func(rng *rand.Rand) Layer { return NewEmbeddingBag(rng, 5, 4, autograd.BagMean) }},
	}
}
