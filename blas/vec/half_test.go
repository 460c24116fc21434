package vec_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// formats are the two formats, each with its infinity.
var formats = []struct {
	name     string
	from     func([]float32, []uint16)
	to       func([]uint16, []float32)
	infinity uint16
}{
	{"Float16", vec.FromFloat16, vec.ToFloat16, 0x7c00},
	{"BFloat16", vec.FromBFloat16, vec.ToBFloat16, 0x7f80},
}

// TestHalf takes all 2¹⁶ numbers of a format to float32 and back, and requires the midpoint of every two neighbours to round
// to the even one, and what is beside it to the nearer: that is all there is to rounding.
func TestHalf(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			eachISA(t, func(t *testing.T) {
				all, values := make([]uint16, 1<<16), make([]float32, 1<<16)
				for i := range all {
					all[i] = uint16(i)
				}
				f.from(values, all)
				back := make([]uint16, 1<<16)
				f.to(back, values)
				for h, v := range values {
					if uint16(h)&0x7fff > f.infinity {
						assert.True(t, v != v, "%#04x is a NaN, got %v", h, v)
						assert.Greater(t, back[h]&0x7fff, f.infinity, "%#04x and back", h)
					} else {
						assert.Equal(t, uint16(h), back[h], "%#04x and back", h)
					}
				}
				assert.True(t, math.IsInf(float64(values[f.infinity]), 1))
				assert.True(t, math.IsInf(float64(values[f.infinity|0x8000]), -1))
				assert.Equal(t, float32(1), values[one(f.infinity)])

				var x []float32
				var want []uint16
				for h := range f.infinity { // all finite numbers from 0 up
					lo, hi := float64(values[h]), float64(values[h+1])
					if h+1 == f.infinity { // what the next number would be if the exponents went on
						hi = lo + (lo - float64(values[h-1]))
					}
					mid := float32((lo + hi) / 2)
					above, below := math.Nextafter32(mid, math.MaxFloat32), math.Nextafter32(mid, 0)
					even := h + h&1
					x = append(x, float32(lo), mid, above, below, -float32(lo), -mid, -above, -below)
					want = append(want, h, even, h+1, h, h|0x8000, even|0x8000, (h+1)|0x8000, h|0x8000)
				}
				got := make([]uint16, len(x))
				f.to(got, x)
				for i := range got {
					if got[i] != want[i] {
						require.Failf(t, "wrong", "%v became %#04x, want %#04x", x[i], got[i], want[i])
					}
				}
			})
		})
	}
}

// one returns the bits of 1 in the format with this infinity: its exponent is the bias, half of the largest, rounded down.
func one(infinity uint16) uint16 {
	lsb := infinity & -infinity
	return (infinity / lsb / 2) * lsb
}

// TestHalfOnEveryISA compares kernels and loops bit by bit, NaN payloads included, on all lengths around a round, on slices
// that start anywhere, between guards; and, with -exhaustive, on all of float32.
func TestHalfOnEveryISA(t *testing.T) {
	both := func(t *testing.T, what string, run func() any) {
		defer vec.SetISA(vec.SetISA(cpu.Generic))
		want := run()
		for _, isa := range cpu.All()[1:] {
			if isa <= cpu.Best() {
				vec.SetISA(isa)
				require.Equalf(t, want, run(), "%v, %s", isa, what)
			}
		}
	}
	bits := func(x []float32) []uint32 {
		b := make([]uint32, len(x))
		for i, v := range x {
			b[i] = math.Float32bits(v)
		}
		return b
	}
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			for n := range 80 {
				for start := range 5 {
					both(t, "to", func() any {
						x, h := make([]float32, n+8), make([]uint16, n+16)
						for i := range x {
							x[i] = math.Float32frombits(uint32(i*n+1) * 0x9e3779b1)
						}
						f.to(h[start:start+n], x[8-start:][:n])
						return h
					})
					both(t, "from", func() any {
						h, x := make([]uint16, n+8), make([]float32, n+16)
						for i := range h {
							h[i] = uint16(uint32(i*n+1) * 0x9e3779b1 >> 16)
						}
						f.from(x[start:start+n], h[8-start:][:n])
						return bits(x)
					})
				}
			}
			x, h := make([]float32, 1<<17), make([]uint16, 1<<17)
			stride := uint64(4099)
			if *exhaustive {
				stride = 1
			}
			for b := uint64(0); b < 1<<32; {
				for i := range x {
					x[i] = math.Float32frombits(uint32(b))
					b += stride
				}
				both(t, "sweep", func() any { f.to(h, x); return slices.Clone(h) })
			}
		})
	}
}
