package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/bench"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/train"
)

func benchOverlapCommand() *cobra.Command {
	var sync, compress, transport string
	var ranks, steps, rounds int
	cmd := &cobra.Command{
		Use:   "overlap",
		Short: "How much of the exchange of gradients hides behind backward",
		Long: `Overlap trains LeNet-5 and a perceptron of 25 M parameters on random data, without communication, with it after
backward, and with it while backward runs, by turns, and shows the median step times. Started by a launcher it is one rank:

	tutti launch -n 2 -- tutti bench overlap --transport tcp

Alone it runs --ranks ranks in this process.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			strategy, err := train.ParseSync(sync)
			if err != nil {
				return usageError{err}
			}
			wire, err := collectives.ParseWire(compress)
			if err != nil {
				return usageError{err}
			}
			run := func(ctx context.Context, g *collectives.Group) error {
				return bench.Overlap(ctx, g, cmd.OutOrStdout(), strategy, wire, steps, rounds)
			}
			place := launch.Config{Transport: transport, Group: collectives.Config{Algorithm: algorithms[strategy]}}
			return onRanks(cmd.Context(), place, ranks, run)
		},
	}
	f := cmd.Flags()
	f.StringVar(&sync, "sync", "allreduce", "parameter synchronisation: allreduce, sharded")
	f.StringVar(&compress, "compress", "none", "how gradients travel: none, bf16, fp16")
	f.StringVar(&transport, "transport", "auto", "transport between ranks")
	countVar(f, &ranks, "ranks", 2, "ranks in this process, where no launcher started it")
	countVar(f, &steps, "steps", 10, "steps to time in each way and round")
	countVar(f, &rounds, "rounds", 3, "rounds of the three ways")
	return cmd
}

// onRanks calls run on the ranks of the job that a launcher started, or on so many in this process.
func onRanks(ctx context.Context, place launch.Config, ranks int,
	run func(ctx context.Context, g *collectives.Group) error) error {
	kind, err := place.Resolve()
	if err != nil {
		return usageError{err}
	}
	if kind == launch.InProc {
		return launch.Local(ctx, ranks, place.Group, run)
	}
	g, err := launch.Open(ctx, place)
	if err != nil {
		return err
	}
	defer g.Close()
	return run(ctx, g)
}
