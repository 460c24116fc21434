package kernel

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

func TestPack(t *testing.T) {
	for _, isa := range cpu.All() {
		if isa > cpu.Best() {
			continue
		}
		t.Run(isa.String()+" float32", func(t *testing.T) { testPack[float32](t, isa) })
		t.Run(isa.String()+" float64", func(t *testing.T) { testPack[float64](t, isa) })
	}
}

// testPack packs a matrix whose elements are all different and looks for each where Pack says it goes.
func testPack[T Float](t *testing.T, isa cpu.ISA) {
	const guard = 11
	for _, w := range []int{1, 3, 4, 6, 8, 14, 16, 32} {
		for _, lanes := range []int{1, 2, 3, w - 1, w, w + 1, 2 * w, 3*w + 5} {
			for _, k := range []int{0, 1, 3, 4, 5, 7, 8, 9, 17, 33} {
				for _, byRows := range []bool{true, false} {
					if lanes == 0 {
						continue
					}
					ls, ks := 1, lanes+3
					if byRows {
						ls, ks = k+2, 1
					}
					src := make([]T, (lanes-1)*ls+max(0, k-1)*ks+1)
					for i := range src {
						src[i] = T(i + 1)
					}
					panels := (lanes + w - 1) / w
					dst := make([]T, panels*w*k+2*guard)
					for i := range dst {
						dst[i] = -1
					}
					Pack(isa, &dst[guard], w, &src[0], lanes, ls, k, ks)
					want := make([]T, panels*w*k)
					for l := range lanes {
						for p := range k {
							want[(l/w*k+p)*w+l%w] = src[l*ls+p*ks]
						}
					}
					name := fmt.Sprintf("w=%d lanes=%d k=%d ls=%d ks=%d", w, lanes, k, ls, ks)
					require.Equal(t, want, dst[guard:len(dst)-guard], name)
					for i := range guard {
						require.Equal(t, [2]T{-1, -1}, [2]T{dst[i], dst[len(dst)-1-i]}, "%s: guard %d", name, i)
					}
				}
			}
		}
	}
}
