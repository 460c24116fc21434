package kernel

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Streams must write what they say and nothing beyond: what loads could not be seen to do less than they say but by their time.
func TestStreams(t *testing.T) {
	for name, table := range map[string][]Stream{"loads": Loads, "pairs": Pairs, "copies": Copies, "updates": Updates} {
		for _, s := range table {
			if s.ISA > cpu.Best() {
				continue
			}
			t.Run(name+" "+s.Name, func(t *testing.T) {
				for n := 0; n <= 400; n += 8 {
					x, y := make([]float32, n+32), make([]float32, n+32)
					for i := range x {
						x[i], y[i] = float32(i+1), float32(-i-1)
					}
					x0, want := slices.Clone(x), slices.Clone(y)
					if name == "copies" {
						copy(want[16:], x[16:16+n])
					}
					s.Run(x[16:16+n], y[16:16+n])
					require.Equal(t, x0, x)
					require.Equal(t, want, y, "n=%d", n)
				}
			})
		}
	}
}

func TestMixes(t *testing.T) {
	for _, m := range Mixes {
		if m.ISA <= cpu.Best() {
			for _, n := range []int{0, 1, 32, 33, 1000} {
				m.Run(n) // it ends, and leaves the stack alone
			}
			require.NotEmpty(t, m.Kernel)
		}
	}
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	require.EqualValues(t, 136, sumAll(x))
	require.False(t, math.IsNaN(float64(sumAll(nil))))
}
