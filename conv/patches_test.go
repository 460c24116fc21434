package conv

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patchShapes are on all sides of the seams of frames and panels: padding, strides with taps in every phase or not, dilation, groups,
// output rows narrower and wider than a block and than a panel.
var patchShapes = []Shape{
	{N: 2, C: 3, H: 5, W: 6, K: 1, R: 3, S: 3, PadH: 1, PadW: 1},
	{N: 3, C: 2, H: 4, W: 1, K: 1, R: 3, S: 1},
	{N: 2, C: 2, H: 3, W: 21, K: 1, R: 2, S: 5, PadW: 4},
	{N: 1, C: 2, H: 9, W: 37, K: 1, R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1},
	{N: 2, C: 1, H: 11, W: 20, K: 1, R: 1, S: 1, StrideH: 3, StrideW: 3},
	{N: 2, C: 1, H: 9, W: 26, K: 1, R: 2, S: 2, StrideH: 3, StrideW: 3, DilationH: 2, DilationW: 2, PadH: 1, PadW: 2},
	{N: 2, C: 4, H: 3, W: 17, K: 2, R: 3, S: 3, PadH: 3, PadW: 3, Groups: 2},
	{N: 1, C: 1, H: 2, W: 2, K: 1, R: 2, S: 2, PadH: 4, PadW: 20},
}

// TestFill compares every panel that patches fill with the pixels the definition sees, for stripes of an image, for all images, for
// panels as wide as any kernel's, and for blocks of taps; what belongs to no column, and what lies behind the panel, must stay.
func TestFill(t *testing.T) {
	for _, s := range patchShapes {
		s = s.Normal()
		for _, nr := range []int{1, 4, 16, 32, 48} {
			t.Run(fmt.Sprintf("%v/nr=%d", s, nr), func(t *testing.T) {
				testFill[float32](t, s, nr)
				testFill[float64](t, s, nr)
			})
		}
	}
}

func testFill[T float32 | float64](t *testing.T, s Shape, nr int) {
	x := make([]T, s.LenX())
	for i := range x {
		x[i] = T(i + 1)
	}
	cg, outH, outW := s.C/s.Groups, s.outH(), s.outW()
	taps := cg * s.R * s.S
	check := func(images, h0, h1 int) {
		m := newPatches[T](s, panels{images: images, rows: outH, taps: taps}, 0)
		defer m.done()
		for i := range m.buf {
			m.buf[i] = -7
		}
		g := s.Groups - 1
		m.see(x[g*cg*s.H*s.W:], images, h0, h1)
		rows := h1 - h0
		pixel := func(k, column int) T {
			c, r, q := k/(s.R*s.S), k/s.S%s.R, k%s.S
			n, oh, ow := column/(rows*outW), h0+column/outW%rows, column%outW
			h, w := oh*s.StrideH-s.PadH+r*s.DilationH, ow*s.StrideW-s.PadW+q*s.DilationW
			if h < 0 || h >= s.H || w < 0 || w >= s.W {
				return 0
			}
			return x[((n*s.C+g*cg+c)*s.H+h)*s.W+w]
		}
		columns := images * rows * outW
		for _, k := range [][2]int{{0, taps}, {taps / 2, taps}, {0, (taps + 1) / 2}} {
			for j0 := 0; j0 < columns; j0 += nr {
				j1 := min(j0+nr, columns)
				size := (k[1] - k[0]) * nr
				got, want := make([]T, size+block), make([]T, size+block)
				for i := range block {
					got[size+i], want[size+i] = -1, -1
				}
				for p := range k[1] - k[0] {
					for j := j0; j < j1; j++ {
						want[p*nr+j-j0] = pixel(k[0]+p, j)
					}
				}
				m.fill(got[:size:size], nr, k[0], k[1], j0, j1)
				require.Equal(t, want, got, "rows %d to %d, taps %v, columns %d to %d", h0, h1, k, j0, j1)
			}
		}
	}
	check(s.N, 0, outH)
	check(1, outH/2, outH)
}

// TestFlip turns filters twice, which must give them back, and says which shapes' images' gradients are forward passes.
func TestFlip(t *testing.T) {
	same := Shape{N: 7, C: 8, H: 9, W: 9, K: 6, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 2}.Normal()
	assert.True(t, same.flips())
	assert.Equal(t, same, same.flipped().flipped())
	w := make([]float64, same.LenW())
	for i := range w {
		w[i] = float64(i)
	}
	turned, back := make([]float64, len(w)), make([]float64, len(w))
	flipFilters(same, turned, w)
	flipFilters(same.flipped(), back, turned)
	assert.Equal(t, w, back)
	assert.NotEqual(t, w, turned)

	with := func(change func(s *Shape)) Shape { s := same; change(&s); return s }
	for name, s := range map[string]Shape{
		"few channels":           with(func(s *Shape) { s.C = 6 }),
		"few pixels":             with(func(s *Shape) { s.N = 6 }),
		"a stride":               with(func(s *Shape) { s.StrideW = 2 }),
		"padding beyond filters": with(func(s *Shape) { s.PadH = 3 }),
		"dy much smaller":        with(func(s *Shape) { s.PadH, s.PadW = 0, 0 }),
	} {
		assert.False(t, s.flips(), name)
	}
}
