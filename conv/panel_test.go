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
						p := cut(s)
						seen := make([]int, n*h)
						for i := range p.count {
							n0, n1, h0, h1 := p.at(s, i)
							require.True(t, n0 < n1 && h0 < h1, "%v: panel %d of %+v is empty", s, i, p)
							require.LessOrEqual(t, (n1-n0)*(h1-h0)*w, p.columns(s))
							require.True(t, n1-n0 == 1 || h1-h0 == h, "several images are whole")
							for at := n0; at < n1; at++ {
								for row := h0; row < h1; row++ {
									seen[at*h+row]++
								}
							}
						}
						for i := range seen {
							require.Equal(t, 1, seen[i], "%v: row %d in %+v", s, i, p)
						}
						require.Equal(t, p.count, ceil(n, p.images)*p.stripes)
						require.LessOrEqual(t, partials(p, n), p.count)
					}
				}
			}
		}
	}
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
}
