package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/bench"
)

func benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine: kernels and collective operations against their limits",
	}
	var budget time.Duration
	gemm := &cobra.Command{
		Use:   "gemm",
		Short: "Matrix products: GFLOP/s, % of the measured peak, ratio to gonum's own",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return bench.Gemm(cmd.OutOrStdout(), budget) },
	}
	durationVar(gemm.Flags(), &budget, "budget", time.Second, "time to spend on each shape and type")
	vec := &cobra.Command{
		Use:   "vec",
		Short: "Vector operations and matrix times vector: time and % of the memory's or the ports' limit, measured in the same run",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return bench.Vec(cmd.OutOrStdout(), budget) },
	}
	durationVar(vec.Flags(), &budget, "budget", time.Second, "time to spend on each operation")
	cmd.AddCommand(gemm, vec, benchCollectivesCommand(), benchOverlapCommand(), benchSyncCommand())
	return cmd
}
