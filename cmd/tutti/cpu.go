package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// kernels says on one line which instructions and which micro-kernels were chosen.
func kernels() string {
	isa := cpu.Best()
	return fmt.Sprintf("%v: %s, %s (%s)", isa, kernel.Pick(kernel.Sgemm, isa).Name, kernel.Pick(kernel.Dgemm, isa).Name, cpu.Features().Brand)
}

func cpuCommand() *cobra.Command {
	var list bool
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
			return nil
		},
	}
	cmd.Flags().BoolVar(&list, "list-isa", false, "list the values of TUTTI_ISA this machine can run, lowest first")
	return cmd
}
