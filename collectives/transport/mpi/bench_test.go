//go:build mpi && cgo && !windows

package mpi

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// The benchmarks run under mpirun, with a fixed number of rounds, as all ranks must make the same:
//
//	mpirun -n 2 --bind-to none ./mpi.test -test.run '^$' -test.bench . -test.benchtime 30x

func benchWorld(b *testing.B) *world {
	if !underMPIRun() || !strings.HasSuffix(flag.Lookup("test.benchtime").Value.String(), "x") {
		b.Skip("not run: start with mpirun and -test.benchtime 30x")
	}
	w, err := Open(context.Background(), Config{Keep: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { w.Close() })
	return w.(*world)
}

func BenchmarkAllReduce(b *testing.B) {
	for _, n := range []int{4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := benchWorld(b)
			buf := make([]byte, n)
			b.SetBytes(int64(n) * 2 * int64(w.size-1) / int64(w.size)) // busbw, as nccl-tests has it
			b.ReportAllocs()
			for b.Loop() {
				if err := w.AllReduce(b.Context(), buf, transport.Float32, transport.Sum); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSendRecv(b *testing.B) {
	for _, n := range []int{32, 4 << 10, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := benchWorld(b)
			send, recv := make([]byte, n), make([]byte, n)
			right, left := (w.rank+1)%w.size, (w.rank+w.size-1)%w.size
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if err := w.SendRecv(b.Context(), right, 1, send, left, 1, recv); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
