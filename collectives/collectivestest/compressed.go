package collectivestest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
)

// forms are the 16-bit numbers on the wire; eps is half a unit in their last place, relative.
var forms = []struct {
	wire  collectives.Wire
	round func([]uint16, []float32)
	widen func([]float32, []uint16)
	eps   float64
}{
	{collectives.BFloat16Wire, vec.ToBFloat16, vec.FromBFloat16, 0x1p-8},
	{collectives.Float16Wire, vec.ToFloat16, vec.FromFloat16, 0x1p-11},
}

type compressedKey struct {
	size, n, form int
	op            collectives.Op
}

// compressedReference adds in float64 what the ranks' numbers are once rounded. What remains is P−1 float32 additions,
// ε = 2⁻²⁴, of at most Σ|xᵢ|, and the rounding of the result.
func compressedReference(k compressedKey) reference[float32] {
	form, by := forms[k.form], 1.0
	if k.op == collectives.Mean {
		by = float64(k.size)
	}
	sum, size := make([]float64, k.n), make([]float64, k.n)
	bits, x := make([]uint16, k.n), make([]float32, k.n)
	for r := range k.size {
		form.round(bits, input[float32](r, k.n))
		form.widen(x, bits)
		for i, v := range x {
			sum[i] += float64(v)
			size[i] += math.Abs(float64(v))
		}
	}
	ref := reference[float32]{make([]float32, k.n), make([]float64, k.n)}
	for i := range sum {
		ref.want[i] = float32(sum[i] / by)
		ref.tolerance[i] = float64(k.size)*0x1p-24*size[i]*2/by + math.Abs(sum[i]/by)*form.eps + 0x1p-24
	}
	return ref
}

// checkCompressed compares AllReduceCompressed, both forms, with compressedReference.
func checkCompressed(ctx context.Context, g *collectives.Group, n int, h *hash) error {
	for i, form := range forms {
		for _, op := range []collectives.Op{collectives.Sum, collectives.Mean} {
			key := compressedKey{g.Size(), n, i, op}
			ref := remembered(key, func() reference[float32] { return compressedReference(key) })
			if g.Size() == 1 {
				ref.want = input[float32](0, n) // nothing travels
			}
			got := guarded(input[float32](g.Rank(), n))
			if err := collectives.AllReduceCompressed(ctx, g, got.s, op, form.wire); err != nil {
				return err
			}
			if err := got.differ(ref.want, ref.tolerance); err != nil {
				return fmt.Errorf("AllReduceCompressed %v %v: %w", form.wire, op, err)
			}
			add(h, got.s)
			if n > 4099 {
				continue
			}
			again := guarded(input[float32](g.Rank(), n))
			if err := collectives.AllReduceCompressedAsync(ctx, g, again.s, op, form.wire).Wait(ctx); err != nil {
				return err
			}
			if !slices.Equal(again.s, got.s) {
				return fmt.Errorf("in AllReduceCompressed %v %v: other bits the second time", form.wire, op)
			}
		}
		if err := checkCompressedAllToAll(ctx, g, i); err != nil {
			return err
		}
	}
	return nil
}

// checkCompressedAllToAll sends pieces of different lengths, empty ones among them.
func checkCompressedAllToAll(ctx context.Context, g *collectives.Group, i int) error {
	form := forms[i]
	piece := func(from, to int) []float32 { return input[float32](from*100+to, 7*((from+2*to)%4)) }
	send, recv := make([][]float32, g.Size()), make([][]float32, g.Size())
	for r := range g.Size() {
		send[r], recv[r] = piece(g.Rank(), r), make([]float32, len(piece(r, g.Rank())))
	}
	if err := collectives.AllToAllCompressed(ctx, g, send, recv, form.wire); err != nil {
		return err
	}
	for r := range recv {
		want := slices.Clone(piece(r, g.Rank()))
		if g.Size() > 1 {
			bits := make([]uint16, len(want))
			form.round(bits, want)
			form.widen(want, bits)
		}
		if !slices.Equal(recv[r], want) {
			return fmt.Errorf("in AllToAllCompressed %v: from rank %d: %v, want %v", form.wire, r, recv[r], want)
		}
	}
	return nil
}
