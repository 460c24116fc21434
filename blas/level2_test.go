package blas_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/blastest"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

func TestLevel2(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		t.Run("float32", func(t *testing.T) { blastest.StructuredVectors(t, level2Single(im)) })
		t.Run("float64", func(t *testing.T) { blastest.StructuredVectors(t, level2Double(im)) })
	})
}

func level2Single(im blas.Implementation) blastest.Level2[float32] {
	type s = []float32
	return blastest.Level2[float32]{
		Gbmv: im.Sgbmv,
		Symv: map[blastest.Form]func(ul gblas.Uplo, n, k int, alpha float32, a s, lda int, x s, incX int, beta float32, y s, incY int){
			blastest.Full: func(ul gblas.Uplo, n, k int, alpha float32, a s, lda int, x s, incX int, beta float32, y s, incY int) {
				im.Ssymv(ul, n, alpha, a, lda, x, incX, beta, y, incY)
			},
			blastest.Band: im.Ssbmv,
			blastest.Packed: func(ul gblas.Uplo, n, k int, alpha float32, a s, lda int, x s, incX int, beta float32, y s, incY int) {
				im.Sspmv(ul, n, alpha, a, x, incX, beta, y, incY)
			},
		},
		Syr: map[blastest.Form]func(ul gblas.Uplo, n int, alpha float32, x s, incX int, a s, lda int){
			blastest.Full: im.Ssyr,
			blastest.Packed: func(ul gblas.Uplo, n int, alpha float32, x s, incX int, a s, lda int) {
				im.Sspr(ul, n, alpha, x, incX, a)
			},
		},
		Syr2: map[blastest.Form]func(ul gblas.Uplo, n int, alpha float32, x s, incX int, y s, incY int, a s, lda int){
			blastest.Full: im.Ssyr2,
			blastest.Packed: func(ul gblas.Uplo, n int, alpha float32, x s, incX int, y s, incY int, a s, lda int) {
				im.Sspr2(ul, n, alpha, x, incX, y, incY, a)
			},
		},
		Trmv: map[blastest.Form]func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int){
			blastest.Full: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Strmv(ul, tA, d, n, a, lda, x, incX)
			},
			blastest.Band: im.Stbmv,
			blastest.Packed: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Stpmv(ul, tA, d, n, a, x, incX)
			},
		},
		Trsv: map[blastest.Form]func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int){
			blastest.Full: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Strsv(ul, tA, d, n, a, lda, x, incX)
			},
			blastest.Band: im.Stbsv,
			blastest.Packed: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Stpsv(ul, tA, d, n, a, x, incX)
			},
		},
	}
}

func level2Double(im blas.Implementation) blastest.Level2[float64] {
	type s = []float64
	return blastest.Level2[float64]{
		Gbmv: im.Dgbmv,
		Symv: map[blastest.Form]func(ul gblas.Uplo, n, k int, alpha float64, a s, lda int, x s, incX int, beta float64, y s, incY int){
			blastest.Full: func(ul gblas.Uplo, n, k int, alpha float64, a s, lda int, x s, incX int, beta float64, y s, incY int) {
				im.Dsymv(ul, n, alpha, a, lda, x, incX, beta, y, incY)
			},
			blastest.Band: im.Dsbmv,
			blastest.Packed: func(ul gblas.Uplo, n, k int, alpha float64, a s, lda int, x s, incX int, beta float64, y s, incY int) {
				im.Dspmv(ul, n, alpha, a, x, incX, beta, y, incY)
			},
		},
		Syr: map[blastest.Form]func(ul gblas.Uplo, n int, alpha float64, x s, incX int, a s, lda int){
			blastest.Full: im.Dsyr,
			blastest.Packed: func(ul gblas.Uplo, n int, alpha float64, x s, incX int, a s, lda int) {
				im.Dspr(ul, n, alpha, x, incX, a)
			},
		},
		Syr2: map[blastest.Form]func(ul gblas.Uplo, n int, alpha float64, x s, incX int, y s, incY int, a s, lda int){
			blastest.Full: im.Dsyr2,
			blastest.Packed: func(ul gblas.Uplo, n int, alpha float64, x s, incX int, y s, incY int, a s, lda int) {
				im.Dspr2(ul, n, alpha, x, incX, y, incY, a)
			},
		},
		Trmv: map[blastest.Form]func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int){
			blastest.Full: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Dtrmv(ul, tA, d, n, a, lda, x, incX)
			},
			blastest.Band: im.Dtbmv,
			blastest.Packed: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Dtpmv(ul, tA, d, n, a, x, incX)
			},
		},
		Trsv: map[blastest.Form]func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int){
			blastest.Full: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Dtrsv(ul, tA, d, n, a, lda, x, incX)
			},
			blastest.Band: im.Dtbsv,
			blastest.Packed: func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a s, lda int, x s, incX int) {
				im.Dtpsv(ul, tA, d, n, a, x, incX)
			},
		},
	}
}

// structured names the routines of level 2 that work on structured matrices, without the letter of the type.
var structured = []string{"gbmv", "symv", "sbmv", "spmv", "syr", "spr", "syr2", "spr2", "trmv", "tbmv", "tpmv", "trsv", "tbsv", "tpsv"}

// TestLevel2PanicsAsGonum calls every routine with one or two bad arguments, on our code and on gonum's: both panic with the
// same value, or neither does.
func TestLevel2PanicsAsGonum(t *testing.T) {
	ours, theirs := reflect.ValueOf(blas.Implementation{}), reflect.ValueOf(gonum.Implementation{})
	for _, letter := range []string{"S", "D"} {
		for _, name := range append([]string{"gemv", "ger"}, structured...) {
			name = letter + name
			t.Run(name, func(t *testing.T) {
				f, g := ours.MethodByName(name), theirs.MethodByName(name)
				panics := 0
				for i := range f.Type().NumIn() {
					for _, bad := range badArguments(f.Type().In(i)) {
						for j := range f.Type().NumIn() {
							for _, worse := range badArguments(f.Type().In(j)) {
								args, twin := goodArguments(f.Type()), goodArguments(f.Type())
								args[i], args[j], twin[i], twin[j] = bad, worse, bad, worse
								want, got := recovered(g, twin), recovered(f, args)
								require.Equal(t, want, got, "argument %d is %v, %d is %v", i, bad, j, worse)
								if got != "" {
									panics++
								}
							}
						}
					}
				}
				assert.Greater(t, panics, 50)
			})
		}
	}
}

// goodArguments returns sizes and increments of 3, slices of 20, the upper triangle, and so on.
func goodArguments(f reflect.Type) (args []reflect.Value) {
	for i := range f.NumIn() {
		v := reflect.New(f.In(i)).Elem()
		switch v.Interface().(type) {
		case gblas.Uplo:
			v.SetUint(uint64(gblas.Upper))
		case gblas.Transpose:
			v.SetUint(uint64(gblas.NoTrans))
		case gblas.Diag:
			v.SetUint(uint64(gblas.NonUnit))
		case int:
			v.SetInt(3)
		case float32, float64:
			v.SetFloat(0.5)
		default:
			v.Set(reflect.MakeSlice(v.Type(), 40, 40))
		}
		args = append(args, v)
	}
	return args
}

// badArguments returns values of type t that some routine does not take as an argument: sizes and lengths that are too small or too
// large for the others, and letters that mean nothing.
func badArguments(t reflect.Type) (bad []reflect.Value) {
	of := func(x any) { bad = append(bad, reflect.ValueOf(x).Convert(t)) }
	switch t.Kind() {
	case reflect.Int:
		for _, v := range []int{-1, 0, 1, 7} {
			of(v)
		}
	case reflect.Uint8:
		of(byte('x'))
	case reflect.Slice:
		for _, n := range []int{0, 6, 8} {
			bad = append(bad, reflect.MakeSlice(t, n, n))
		}
	default:
		of(0)
		of(1)
	}
	return bad
}

// recovered returns what f panics with, "" if it does not.
func recovered(f reflect.Value, args []reflect.Value) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	f.Call(args)
	return ""
}

// level2Calls lists a call of every routine on matrices of order n that changes y alone, or a.
func level2Calls(im blas.Implementation, n int, a, x, y []float32) map[string]func() {
	const up, no, yes, non = gblas.Upper, blas.NoTrans, blas.Trans, gblas.NonUnit
	return map[string]func(){
		"Sgbmv": func() { im.Sgbmv(yes, n, n, 5, 7, 0.5, a, 13, x, 1, 0.5, y, 1) },
		"Ssymv": func() { im.Ssymv(up, n, 0.5, a, n, x, 1, 0.5, y, 1) },
		"Ssbmv": func() { im.Ssbmv(up, n, 9, 0.5, a, 10, x, 1, 0.5, y, 1) },
		"Sspmv": func() { im.Sspmv(up, n, 0.5, a, x, 1, 0.5, y, 1) },
		"Sger":  func() { im.Sger(n, n, 0.5, x, 1, y, 1, a, n) },
		"Ssyr":  func() { im.Ssyr(up, n, 0.5, x, 1, a, n) },
		"Sspr":  func() { im.Sspr(up, n, 0.5, x, 1, a) },
		"Ssyr2": func() { im.Ssyr2(up, n, 0.5, x, 1, y, 1, a, n) },
		"Sspr2": func() { im.Sspr2(up, n, 0.5, x, 1, y, 1, a) },
		"Strmv": func() { im.Strmv(up, no, non, n, a, n, y, 1) },
		"Stbmv": func() { im.Stbmv(up, no, non, n, 9, a, 10, y, 1) },
		"Stpmv": func() { im.Stpmv(up, yes, non, n, a, y, 1) },
		"Strsv": func() { im.Strsv(up, yes, non, n, a, n, y, 1) },
		"Stbsv": func() { im.Stbsv(up, no, non, n, 9, a, 10, y, 1) },
		"Stpsv": func() { im.Stpsv(up, no, non, n, a, y, 1) },
		"tail":  func() { im.Ssymv(up, n, 0.5, a, n, x[:n*2], -2, 0.5, y[:n*2], 2) },
	}
}

// TestLevel2AnyThreads requires the same bits on any number of threads, and no allocation once warm.
func TestLevel2AnyThreads(t *testing.T) {
	const n = 1100 // rectangles of 64 × n are worth two threads
	rng := rand.New(rand.NewPCG(3, 5))
	a0, x, y0 := make([]float32, n*n), make([]float32, 2*n), make([]float32, 2*n)
	for i := range a0 {
		a0[i] = float32(rng.NormFloat64()) / n
	}
	for i := range x {
		x[i], y0[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
	}
	for i := range n {
		a0[i*n+i] = 1
	}
	a, y := make([]float32, len(a0)), make([]float32, len(y0))
	calls := level2Calls(blas.Implementation{}, n, a, x, y)
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
			var wantA, wantY []float32
			for _, threads := range []int{1, 2, 3} {
				runtime.GOMAXPROCS(threads)
				copy(a, a0)
				copy(y, y0)
				call()
				if threads == 1 {
					wantA, wantY = slices.Clone(a), slices.Clone(y)
				}
				same := func(u, v float32) bool { return math.Float32bits(u) == math.Float32bits(v) }
				require.True(t, slices.EqualFunc(wantA, a, same) && slices.EqualFunc(wantY, y, same), "%d threads", threads)
			}
			assert.Zero(t, alloctest.PerRun(3, call))
		})
	}
}
