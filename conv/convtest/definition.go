package convtest

import "github.com/tutti-ml/tutti/conv"

// results of all three passes, in float64.
type results struct{ y, dx, dw, db []float64 }

// definition computes all passes in float64 by the definition of a convolution, written down independently of package
// conv, from operands mapped by f: themselves, or their absolute values for a bound on rounding errors.
func definition[T Float](s conv.Shape, x, w, b, dy, dx0, dw0, db0 []T, f func(T) float64) results {
	outH, outW, cg, kg := s.OutH(), s.OutW(), s.C/s.Groups, s.K/s.Groups
	mapped := func(v []T) []float64 {
		m := make([]float64, len(v))
		for i := range v {
			m[i] = f(v[i])
		}
		return m
	}
	fx, fw, fb, fdy := mapped(x), mapped(w), mapped(b), mapped(dy)
	res := results{make([]float64, len(dy)), mapped(dx0), mapped(dw0), mapped(db0)}
	for yi, g := range fdy {
		ow, oh, k, n := yi%outW, yi/outW%outH, yi/outW/outH%s.K, yi/outW/outH/s.K
		res.y[yi] = fb[k]
		res.db[k] += g
		for tap := range cg * s.R * s.S {
			c, r, q := tap/s.S/s.R, tap/s.S%s.R, tap%s.S
			h, v := oh*s.StrideH+r*s.DilationH-s.PadH, ow*s.StrideW+q*s.DilationW-s.PadW
			if h < 0 || h >= s.H || v < 0 || v >= s.W {
				continue
			}
			xi, wi := ((n*s.C+k/kg*cg+c)*s.H+h)*s.W+v, k*cg*s.R*s.S+tap
			res.y[yi] += fx[xi] * fw[wi]
			res.dx[xi] += g * fw[wi]
			res.dw[wi] += g * fx[xi]
		}
	}
	return res
}
