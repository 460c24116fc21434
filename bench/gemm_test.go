package bench

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/blas/gonum"
	"github.com/tutti-ml/tutti/blas"
)

func BenchmarkX(b *testing.B) {
	for _, s := range [][3]int{{32,32,32},{64,64,64},{128,128,128},{256,256,256},{512,512,512},{1024,1024,1024},{128,512,784},{128,10,512},{64,3136,576},{256,196,2304},{8,4096,4096},{1,4096,4096}} {
		m, n, k := s[0], s[1], s[2]
		b.Run(fmt.Sprintf("%dx%dx%d", m, n, k), func(b *testing.B) {
			x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
			for b.Loop() {
				blas.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, x, k, y, n, 0, z, n)
			}
			b.ReportMetric(2*float64(m)*float64(n)*float64(k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
	_ = gonum.Implementation{}
}
