package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/bench"
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// kernels says on one line which instructions and which micro-kernels were chosen.
func kernels() string {
	isa := cpu.Best()
	return fmt.Sprintf("%v: %s, %s (%s)", isa, kernel.Pick(kernel.Sgemm, isa).Name, kernel.Pick(kernel.Dgemm, isa).Name, cpu.Features().Brand)
}

func cpuCommand() *cobra.Command {
	var list, measure bool
	cmd := &cobra.Command{
		Use:   "cpu",
		Short: "Show the processor's features and the kernels chosen for it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			if list {
				for _, isa := range cpu.All() {
					if isa <= cpu.Machine() {
						fmt.Fprintln(out, isa)
					}
				}
				return nil
			}
			fmt.Fprintln(out, cpu.Features())
			isa := cpu.Best()
			s, d := kernel.Pick(kernel.Sgemm, isa), kernel.Pick(kernel.Dgemm, isa)
			fmt.Fprintf(out, "sgemm     %s, tile %d×%d, blocks MC %d KC %d NC %d\n", s.Name, s.MR, s.NR, s.MC, s.KC, s.NC)
			fmt.Fprintf(out, "dgemm     %s, tile %d×%d, blocks MC %d KC %d NC %d\n", d.Name, d.MR, d.NR, d.MC, d.KC, d.NC)
			if !measure {
				return nil
			}
			p, m := bench.Peak(), bench.Memory()
			fmt.Fprintf(out, "peak      %.1f GFLOP/s float32, %.1f float64, one thread\n", p.F32, p.F64)
			fmt.Fprintf(out, "memory    read %.1f GB/s, copy %.1f, one thread; read %.1f, copy %.1f, %d threads\n",
				m.Read1, m.Copy1, m.Read, m.Copy, runtime.GOMAXPROCS(0))
			return nil
		},
	}
	cmd.Flags().BoolVar(&measure, "measure", true, "measure the peak of multiply-adds and of memory, in about a second")
	cmd.Flags().BoolVar(&list, "list-isa", false, "list the values of TUTTI_ISA this machine can run, lowest first")
	return cmd
}
