package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/internal/cpu"
)

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
			return nil
		},
	}
	cmd.Flags().BoolVar(&list, "list-isa", false, "list the values of TUTTI_ISA this machine can run, lowest first")
	return cmd
}
