package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/collectives/launch"
)

func launchCommand() *cobra.Command {
	var c launch.SpawnConfig
	var hosts, ssh string
	cmd := &cobra.Command{
		Use:   "launch -n N [--hosts HOST:N,...] -- PROGRAM [ARG ...]",
		Short: "Start a program as the N ranks of a parallel job, on this machine or others",
		Long: `Launch starts N processes of a program and tells each who it is and how to meet the others, so that
launch.Open in it joins them. Each line of output is prefixed with its rank, except
that rank 0 keeps the terminal, if there is one. When one rank fails the others are told to end, and launch exits with
that rank's code; its last line names the rank whose failure came first, not one that failed because another was lost.
PROGRAM may be tutti itself, found in PATH or not:

	tutti launch -n 4 -- tutti train --sync sharded

An interrupt, SIGTERM or SIGHUP (as SIGTERM) is passed on; ranks that have not ended after --grace are killed, and at
once by a second interrupt. When nobody reads the output any more the ranks run on. If launch itself is killed its ranks
are too, and what they have started in their process groups.

With --keep-going the others go on when a rank fails; programs that call launch.Reopen then form a smaller group. Ranks
that a signal ended (kill -9, out of memory) or whose host is gone count as lost, and launch exits with 0 if the others
do; the code of the first rank that exits with another by itself is launch's, and if all are lost that of the first.
A rank that is lost before all have met ends the others' launch.Open at once.

With --hosts the ranks run on other machines, started by ssh, which must log in without a question; the program and the
directory must be there under the same names. Each machine is named once; an IPv6 address is in brackets, [fe80::1]:2.
The ranks' variables, with the job's secret and what --env passes on, go through ssh's standard input, on no command
line. The ranks meet at this machine, so the others must reach it (--address says by which name or address):

	tutti launch --hosts a:2,b:2 --env GOMAXPROCS -- tutti train`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Argv = args
			if _, err := exec.LookPath(args[0]); err != nil && args[0] == "tutti" { // this one, wherever it was built
				if self, err := os.Executable(); err == nil {
					c.Argv = append([]string{self}, args[1:]...)
				}
			}
			switch {
			case cmd.Flags().Changed("hosts"):
				var err error
				if c.Hosts, err = launch.ParseHosts(hosts); err != nil {
					return usageError{err}
				}
				if !cmd.Flags().Changed("np") {
					c.N = 0
				}
			default:
				if err := ignored(cmd.Flags(), "all ranks are on this host", "ssh"); err != nil {
					return err
				}
			}
			switch {
			case c.Grace < 0:
				return usageError{fmt.Errorf("--grace %v: want 0, for none, or a duration above", c.Grace)}
			case c.Grace == 0:
				c.Grace = -1
			}
			c.SSH = strings.Fields(ssh)
			c.Stdout, c.Stderr = os.Stdout, os.Stderr
			c.Rank0Raw = isTerminal(os.Stderr)
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			// A last line that nobody reads must not end this process by SIGPIPE: its exit code is the job's.
			signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
			// Spawn passes interrupts on to the ranks itself, so they must not cancel it.
			return launch.Spawn(context.WithoutCancel(cmd.Context()), c)
		},
	}
	c.N = 1
	cmd.Flags().VarP((*positiveCount)(&c.N), "np", "n", "number of ranks")
	cmd.Flags().DurationVar(&c.Grace, "grace", launch.DefaultGrace,
		"how long ranks may take to end before they are killed")
	cmd.Flags().BoolVar(&c.KeepGoing, "keep-going", false, "leave the other ranks running when one fails")
	cmd.Flags().StringVar(&hosts, "hosts", "", "hosts and their numbers of ranks: a:2,b:2")
	cmd.Flags().StringVar(&ssh, "ssh", "", `command that runs another on a host (default "ssh -o BatchMode=yes")`)
	cmd.Flags().StringVar(&c.Address, "address", "", "name or address at which the hosts reach this one")
	cmd.Flags().StringArrayVarP(&c.Pass, "env", "x", nil, "environment variable to pass on to other hosts; may be repeated")
	cmd.Flags().SetInterspersed(false)
	return cmd
}
