package layers

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// What the convolution layers have in common.

// filters returns the parameters of a convolution from in to out channels in groups, under windows of the given size, drawn evenly
// from ±1/√(fan in), as PyTorch does; bias is nil if there is to be none. op names the caller in panics.
func filters(op string, rng *rand.Rand, in, out, groups int, noBias bool, window ...int) (weight, bias *autograd.Param) {
	checkFilters(op, in, out, groups, window)
	groups = max(groups, 1)
	fanIn := in / groups
	for _, k := range window {
		fanIn *= k
	}
	init := defaultInit(fanIn)
	weight = newParam(rng, init, append([]int{out, in / groups}, window...)...)
	if !noBias {
		bias = newParam(rng, init, out)
	}
	return weight, bias
}

// transposedFilters is filters for a transposed convolution, whose weights are [In, Out/Groups, window]; PyTorch draws them by the
// size of Out/Groups·window.
func transposedFilters(op string, rng *rand.Rand, in, out, groups int, noBias bool, window ...int) (weight, bias *autograd.Param) {
	checkFilters(op, in, out, groups, window)
	weight, _ = filters(op, rng, out, in, groups, true, window...)
	if !noBias {
		fan := max(out/max(groups, 1), 1)
		for _, k := range window {
			fan *= k
		}
		bias = newParam(rng, defaultInit(fan), out)
	}
	return weight, bias
}

// checkFilters panics unless sizes are positive and groups divide the channels.
func checkFilters(op string, in, out, groups int, window []int) {
	positive(op, "In", in)
	positive(op, "Out", out)
	for _, k := range window {
		positive(op, "Kernel", k)
	}
	if groups = max(groups, 1); in%groups != 0 || out%groups != 0 {
		panic(fmt.Sprintf("layers: %s: In = %d and Out = %d, not multiples of Groups = %d", op, in, out, groups))
	}
}

// mustSame panics if padding to the same size is asked for together with what excludes it.
func mustSame(op string, same bool, stride, pad int) {
	if same && (stride > 1 || pad != 0) {
		panic(fmt.Sprintf("layers: %s: Same with Stride = %d and Pad = %d: wants stride 1 and no other padding", op, stride, pad))
	}
}
