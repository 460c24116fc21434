package conv

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCut covers every output pixel with exactly one panel, whatever the shape.
func TestCut(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 31, 128} {
		for _, h := range []int{1, 2, 5, 14, 63, 300} {
			for _, w := range []int{1, 8, 57, 130} {
				for _, c := range []int{1, 16, 1024} {
					for _, r := range []int{1, 3} {
						s := Shape{N: n, C: c, H: h, W: w, K: 2, R: r, S: r, PadH: r / 2, PadW: r / 2}.Normal()
						covers(t, s, cut(s))
						covers(t, s, cutFused(s))
						require.LessOrEqual(t, partials(cut(s), n), cut(s).count)
					}
				}
			}
		}
	}
}

// covers requires that the panels of p hold every row of the output once.
func covers(t *testing.T, s Shape, p panels) {
	outH := s.outH()
	seen := make([]int, s.N*outH)
	for i := range p.count {
		n0, n1, h0, h1 := p.at(s, i)
		if n0 >= n1 || h0 >= h1 || (n1-n0)*(h1-h0)*s.outW() > p.columns(s) || n1-n0 > 1 && h1-h0 < outH {
			require.Failf(t, "a panel is empty, too large, or of several images in part", "%v: panel %d of %+v", s, i, p)
		}
		for at := n0; at < n1; at++ {
			for row := h0; row < h1; row++ {
				seen[at*outH+row]++
			}
		}
	}
	for i := range seen {
		if seen[i] != 1 {
			require.Equal(t, 1, seen[i], "%v: row %d in %+v", s, i, p)
		}
	}
	require.Equal(t, p.count, ceil(s.N, p.images)*p.stripes)
}

// TestSeams says which side of each seam shapes of convtest.Shapes are on, so that a new tuning does not quietly leave one
// side untested.
func TestSeams(t *testing.T) {
	cutOf := func(s Shape) panels { return cut(s.Normal()) }
	joined := cutOf(Shape{N: 33, C: 6, H: 14, W: 14, K: 16, R: 5, S: 5})
	assert.Greater(t, joined.images, 1)
	assert.Greater(t, joined.count, 1)
	assert.NotZero(t, 33%joined.images, "the last panel is short")
	assert.Greater(t, partials(joined, 33), 1)
	striped := cutOf(Shape{N: 2, C: 64, H: 31, W: 33, K: 3, R: 3, S: 3, PadH: 1, PadW: 1})
	assert.Greater(t, striped.stripes, 1)
	assert.NotZero(t, 31%striped.rows, "the last stripe is short")
	strided := cutOf(Shape{N: 1, C: 64, H: 65, W: 67, K: 3, R: 3, S: 3, StrideH: 2, StrideW: 2, DilationH: 2, DilationW: 2})
	assert.Greater(t, strided.stripes, 1)
	pointwise := cutOf(Shape{N: 2, C: 64, H: 64, W: 65, K: 2, R: 1, S: 1})
	assert.Greater(t, pointwise.stripes, 1)
	assert.Equal(t, 1, cutOf(Shape{N: 3, C: 5, H: 9, W: 9, K: 7, R: 1, S: 1}).images)
	assert.Greater(t, cutOf(Shape{N: 3, C: 5, H: 2, W: 3, K: 7, R: 1, S: 1}).images, 1)
	heavy := Shape{N: 40, C: 256, H: 7, W: 7, K: 256, R: 3, S: 3, PadH: 1, PadW: 1}.Normal()
	assert.Greater(t, cutFused(heavy).images, cut(heavy).images, "many filters: longer panels")
	assert.Greater(t, cutFused(heavy).count, 1)
	assert.True(t, heavy.gathers())
	assert.False(t, Shape{N: 1, C: 1, H: 9, W: 9, K: 6, R: 3, S: 3}.Normal().gathers(), "few filters")
	assert.True(t, Shape{N: 1, C: 1, H: 9, W: 9, K: 6, R: 3, S: 3, StrideW: 2}.Normal().gathers(), "but a stride")
	assert.False(t, Shape{N: 1, C: 1, H: 9, W: 9, K: 64, R: 1, S: 1}.Normal().gathers(), "the image as it lies")
}
