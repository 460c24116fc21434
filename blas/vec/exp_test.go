package vec_test

import (
	"flag"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/cpu"
)

var exhaustive = flag.Bool("exhaustive", false, "sweep all 2³² float32 values instead of every 4099th")

// The coefficients of the float32 functions are from this program (Python 3, mpmath 1.2.1), which prints for exp
// `2.3216e-10 [0.693147180581568144, …]` and for log `4.212e-12 [2.00000000000842403, …]`, its coefficients doubled:
//
//	from mpmath import *
//	mp.dps = 40
//	def remez(f, a, b, deg):  # minimise max |p(x)/f(x) - 1| on [a, b]
//	    n = deg + 2
//	    xs = [(a+b)/2 - (b-a)/2*cos(pi*(2*i+1)/(2*n)) for i in range(n)]
//	    for _ in range(30):
//	        A, y = matrix(n, n), matrix(n, 1)
//	        for i, x in enumerate(xs):
//	            for j in range(deg+1): A[i, j] = x**j
//	            A[i, deg+1] = (-1)**i * f(x); y[i] = f(x)
//	        c = lu_solve(A, y)
//	        err = lambda x: polyval([c[j] for j in range(deg, -1, -1)], x)/f(x) - 1
//	        grid = [a + (b-a)*mpf(i)/2000 for i in range(2001)]
//	        e, ext, cur = [err(x) for x in grid], [], 0
//	        for i in range(1, 2001):
//	            if e[i]*e[cur] <= 0: ext.append(cur); cur = i
//	            elif abs(e[i]) > abs(e[cur]): cur = i
//	        ext.append(cur)
//	        while len(ext) > n: ext.pop(0 if abs(e[ext[0]]) < abs(e[ext[-1]]) else -1)
//	        if len(ext) < n: break
//	        xs = [grid[i] for i in ext]
//	    return max(map(abs, e)), [nstr(c[j], 18) for j in range(deg+1)]
//	half, ln2 = mpf(1)/2, log(2)
//	print(remez(lambda f: expm1(f*ln2)/f if f else ln2, -half, half, 6))
//	print(remez(lambda z: atanh(sqrt(z))/sqrt(z) if z else mpf(1), mpf(0), ((sqrt(2)-1)/(sqrt(2)+1))**2, 4))
//
// and those of the kernels, rounded to float32, from these lines of it, which print 1.2409e-7, 4.737e-8, 1.3155e-7 and
// 1.5256e-8; the last is for GELU:
//
//	h = ln2/2 + mpf('1e-4')
//	print(remez(lambda r: (expm1(r)-r)/r**2 if abs(r) > 1e-9 else half, -h, h, 4))
//	print(remez(lambda f: (log1p(f)-f)/f**2 if abs(f) > 1e-9 else -half, sqrt(half)-1, sqrt(mpf(2))-1, 8))
//	print(remez(lambda z: (tanh(sqrt(z))/sqrt(z)-1)/z if z > 1e-9 else -mpf(1)/3, mpf(0), mpf('0.625')**2, 4))
//	a = lambda t: mpf('2.5')*(1+t)/(1-t)
//	print(remez(lambda t: exp(a(t)**2/2)*erfc(a(t)/sqrt(2))/2*(a(t)+mpf('2.5')), mpf(-1), mpf(12)/17, 9))
//
// and those of the error function from these, which print 1.8111e-8 and 4.8866e-8:
//
//	print(remez(lambda z: erf(sqrt(z))/sqrt(z)-1 if z > 1e-12 else 2/sqrt(pi)-1, mpf(0), mpf(1), 6))
//	print(remez(lambda t: log(erfc(t+1)), mpf(0), mpf(3), 7))
//
// TestExp and its siblings sweep float32 from -Inf to +Inf and the NaNs, and compare with package math in float64.
//
// A kernel is within 1.1 ulp for exp and log, whose last operation is nearly their only error, and within 2 for tanh and
// sigmoid, where sum and quotient are rounded before it.
func TestExp(t *testing.T)  { sweep(t, 1.1, vec.Exp[float32], math.Exp) }
func TestLog(t *testing.T)  { sweep(t, 1.1, vec.Log[float32], math.Log) }
func TestTanh(t *testing.T) { sweep(t, 2, vec.Tanh[float32], math.Tanh) }
func TestErf(t *testing.T)  { sweep(t, 1.1, vec.Erf[float32], math.Erf) }
func TestSigmoid(t *testing.T) {
	sweep(t, 2, vec.Sigmoid[float32], func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
}

// sweep fails unless f is within limit ulp of the true value everywhere, and the loops, which compute in float64, within
// 0.51: what float64 loses is some 0.004 ulp.
func sweep(t *testing.T, limit float64, f func(dst, x []float32), truth func(float64) float64) {
	eachISA(t, func(t *testing.T) {
		if vec.ISA() == cpu.Generic {
			sweepHere(t, 0.51, f, truth)
		} else {
			sweepHere(t, limit, f, truth)
		}
	})
}

func sweepHere(t *testing.T, limit float64, f func(dst, x []float32), truth func(float64) float64) {
	stride := uint64(4099)
	switch {
	case *exhaustive:
		stride = 1
	case testing.Short():
		stride *= 61
	}
	worst, at := 0.0, float32(0)
	x, y := make([]float32, 0, 4096), make([]float32, 4096)
	check := func() {
		f(y[:len(x)], x)
		for i, v := range x {
			want := truth(float64(v))
			if e := ulps(y[i], want); !(e <= worst) {
				worst, at = e, v
			}
		}
		x = x[:0]
	}
	for b := uint64(0); b < 1<<32; b += stride {
		if x = append(x, math.Float32frombits(uint32(b))); len(x) == cap(x) {
			check()
		}
	}
	for _, v := range []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1, -1, 88.72283, 88.72284, -87.33654,
		-87.33655, -103.97208, -103.97209, math.SmallestNonzeroFloat32, math.MaxFloat32, -math.MaxFloat32, 0x1p-126, 9.01, 9.02} {
		x = append(x, float32(v))
	}
	check()
	t.Logf("worst error %.4f ulp, at %v", worst, at)
	assert.LessOrEqualf(t, worst, limit, "ulp, at %v", at)
}

// ulps returns the distance of got from want in units of the last place of a float32 at want; infinite if one of them is
// not finite and they differ, or if zeros differ in sign.
func ulps(got float32, want float64) float64 {
	if w := float32(want); got == w && math.Signbit(float64(got)) == math.Signbit(want) && (w == 0 || math.IsInf(float64(w), 0)) {
		return 0 // rounded to zero or to infinity, rightly
	}
	if got != got && want != want {
		return 0
	}
	_, e := math.Frexp(want)
	e = max(e-24, -149)
	if d := math.Abs(float64(got)-want) / math.Ldexp(1, e); d == d && (got != 0 || want != 0) {
		return d
	}
	return math.Inf(1)
}
