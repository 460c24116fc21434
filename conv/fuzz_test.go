package conv_test

import (
	"testing"

	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/conv/convtest"
)

// FuzzShapes checks every algorithm on any valid shape of moderate size: `go test -fuzz Shapes ./conv`.
func FuzzShapes(f *testing.F) {
	f.Add([]byte{2, 3, 7, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1})
	f.Add([]byte{5, 4, 9, 8, 6, 2, 3, 2, 3, 0, 2, 3, 2, 2})
	f.Add([]byte{1, 6, 5, 5, 6, 3, 1, 1, 2, 1, 0, 2, 1, 6})
	f.Add([]byte{4, 2, 30, 31, 2, 1, 1, 1, 1, 0, 0, 1, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 14 {
			return
		}
		at := func(i, from, to int) int { return from + int(b[i])%(to-from+1) }
		s := conv.Shape{
			N: at(0, 1, 6), H: at(2, 1, 40), W: at(3, 1, 40), R: at(5, 1, 7), S: at(6, 1, 7),
			StrideH: at(7, 0, 4), StrideW: at(8, 0, 4), PadH: at(9, 0, 4), PadW: at(10, 0, 4),
			DilationH: at(11, 0, 3), DilationW: at(12, 0, 3), Groups: at(13, 1, 4),
		}
		s.C, s.K = at(1, 1, 4)*s.Groups, at(4, 1, 4)*s.Groups
		if s.H+2*s.PadH <= max(s.DilationH, 1)*(s.R-1) || s.W+2*s.PadW <= max(s.DilationW, 1)*(s.S-1) {
			return // a window larger than the image: TestPanics
		}
		if s = s.Normal(); s.Flops() > 1<<21 {
			return // the definition would take too long
		}
		for _, a := range conv.Algorithms {
			if a.Usable(s) {
				convtest.TestShape(t, a, s)
			}
		}
	})
}
