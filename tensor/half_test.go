package tensor

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every value of a 16-bit format must survive the way to float32 and back, and between every two neighbours the midpoint
// must round to the even one and what is beside it to the nearer one. That is all there is to rounding.
func TestHalfRounding(t *testing.T) {
	for _, f := range []struct {
		name     string
		from     func(uint16) float32
		to       func(float32) uint16
		infinity uint16
	}{
		{"float16", fromFloat16, toFloat16, 0x7c00},
		{"bfloat16", fromBFloat16, toBFloat16, 0x7f80},
	} {
		t.Run(f.name, func(t *testing.T) {
			for h := range f.infinity { // all finite numbers from 0 up
				lo := float64(f.from(h))
				hi := float64(f.from(h + 1))
				if h+1 == f.infinity { // what the next number would be if the exponents went on
					hi = lo + (lo - float64(f.from(h-1)))
				}
				mid := float32((lo + hi) / 2)
				even := h + h&1
				above := math.Nextafter32(mid, math.MaxFloat32)
				below := math.Nextafter32(mid, 0)
				ok := f.to(float32(lo)) == h && f.to(mid) == even && f.to(above) == h+1 && f.to(below) == h &&
					f.to(-float32(lo)) == h|0x8000 && f.to(-mid) == even|0x8000
				if h == 0 {
					ok = ok && math.Signbit(float64(f.from(f.to(float32(math.Copysign(0, -1))))))
				}
				if !assert.True(t, ok, "around %#04x = %v: %#04x %#04x %#04x %#04x", h, lo,
					f.to(float32(lo)), f.to(mid), f.to(above), f.to(below)) {
					return
				}
			}
			inf := float32(math.Inf(1))
			assert.Equal(t, f.infinity, f.to(inf))
			assert.Equal(t, f.infinity|0x8000, f.to(-inf))
			assert.Equal(t, inf, f.from(f.infinity))
			for _, bits := range []uint32{0x7fc00000, 0x7f800001, 0xffffffff} {
				nan := math.Float32frombits(bits)
				got := f.from(f.to(nan))
				assert.True(t, got != got, "NaN %#x became %v", bits, got)
			}
		})
	}
}
