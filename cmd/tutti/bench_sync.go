package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/bench"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
)

func benchSyncCommand() *cobra.Command {
	var transport string
	var ranks, steps, rounds int
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "What synchronising adds to a step: by each strategy, with gradients whole and in bf16",
		Long: `Sync trains LeNet-5 and a perceptron of 25 M parameters on random data, alone and by each strategy, interleaved, and shows
what each adds to the median step, in % of it. Started by a launcher it is one rank:

	tutti launch -n 2 -- tutti bench sync --transport tcp

Alone it runs --ranks ranks in this process.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			run := func(ctx context.Context, g *collectives.Group) error {
				return bench.Sync(ctx, g, cmd.OutOrStdout(), steps, rounds)
			}
			return onRanks(cmd.Context(), launch.Config{Transport: transport}, ranks, run)
		},
	}
	f := cmd.Flags()
	f.StringVar(&transport, "transport", "auto", "transport between ranks")
	countVar(f, &ranks, "ranks", 2, "ranks in this process, where no launcher started it")
	countVar(f, &steps, "steps", 10, "steps to time in each way and round")
	countVar(f, &rounds, "rounds", 3, "rounds of all ways")
	return cmd
}
