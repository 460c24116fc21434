package main

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/collectives/launch"
)

func launchCommand() *cobra.Command {
	var c launch.SpawnConfig
	cmd := &cobra.Command{
		Use:   "launch -n N -- PROGRAM [ARG ...]",
		Short: "Start a program as the N ranks of a parallel job on this machine",
		Long: `Launch starts N processes of a program on this machine and tells each who it is and how to meet the others, so that
launch.Open in it joins them over TCP on the loopback interface. Each line of output is prefixed with its rank, except
that rank 0 keeps the terminal, if there is one. An interrupt is passed on. When one rank fails the others are told to
end, and launch exits with that rank's code. PROGRAM may be tutti itself, found in PATH or not:

	tutti launch -n 4 -- tutti train --sync shuffle`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Argv = args
			if _, err := exec.LookPath(args[0]); err != nil && args[0] == "tutti" { // this one, wherever it was built
				if self, err := os.Executable(); err == nil {
					c.Argv = append([]string{self}, args[1:]...)
				}
			}
			c.Stdout, c.Stderr = os.Stdout, os.Stderr
			c.Rank0Raw = isTerminal(os.Stderr)
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			// Spawn passes interrupts on to the ranks itself, so they must not cancel it.
			return launch.Spawn(context.WithoutCancel(cmd.Context()), c)
		},
	}
	cmd.Flags().IntVarP(&c.N, "np", "n", 1, "number of ranks")
	cmd.Flags().DurationVar(&c.Grace, "grace", 10*time.Second, "how long ranks may take to end before they are killed")
	cmd.Flags().SetInterspersed(false)
	return cmd
}
