package collectivestest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
)

// checkCompressed compares AllReduceCompressed with the sum, in float64, of what the ranks' numbers are once rounded. What
// remains is P−1 float32 additions, ε = 2⁻²⁴, of at most Σ|xᵢ|, and the rounding of the result.
func checkCompressed(ctx context.Context, g *collectives.Group, n int, h *hash) error {
	for _, form := range []struct {
		wire  collectives.Wire
		round func([]uint16, []float32)
		widen func([]float32, []uint16)
		eps   float64
	}{
		{collectives.BFloat16Wire, vec.ToBFloat16, vec.FromBFloat16, 0x1p-8},
		{collectives.Float16Wire, vec.ToFloat16, vec.FromFloat16, 0x1p-11},
	} {
		sum, size := make([]float64, n), make([]float64, n)
		bits, x := make([]uint16, n), make([]float32, n)
		for r := range g.Size() {
			form.round(bits, input[float32](r, n))
			form.widen(x, bits)
			for i, v := range x {
				sum[i] += float64(v)
				size[i] += math.Abs(float64(v))
			}
		}
		for _, op := range []collectives.Op{collectives.Sum, collectives.Mean} {
			by := 1.0
			if op == collectives.Mean {
				by = float64(g.Size())
			}
			want, tol := make([]float32, n), make([]float64, n)
			for i := range want {
				want[i] = float32(sum[i] / by)
				tol[i] = float64(g.Size())*0x1p-24*size[i]*2/by + math.Abs(sum[i]/by)*form.eps + 0x1p-24
			}
			got := guarded(input[float32](g.Rank(), n))
			if err := collectives.AllReduceCompressed(ctx, g, got.s, op, form.wire); err != nil {
				return err
			}
			if g.Size() == 1 {
				want = input[float32](0, n) // nothing travels
			}
			if err := got.differ(want, tol); err != nil {
				return fmt.Errorf("AllReduceCompressed %v %v: %w", form.wire, op, err)
			}
			again := guarded(input[float32](g.Rank(), n))
			if err := collectives.AllReduceCompressedAsync(ctx, g, again.s, op, form.wire).Wait(ctx); err != nil {
				return err
			}
			if !slices.Equal(again.s, got.s) {
				return fmt.Errorf("in AllReduceCompressed %v %v: other bits the second time", form.wire, op)
			}
			add(h, got.s)
		}
	}
	return nil
}
