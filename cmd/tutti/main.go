// Command tutti trains models on one core or many machines, starts jobs, and shows what a machine or a model file has.
//
//	tutti train      train a model: with no flags, a small convnet on 8×8 handwritten digits
//	tutti evaluate   say how good a model is on other data
//	tutti predict    write what a model predicts for each row of a file
//	tutti data       look at files of data, convert them, hold a part out
//	tutti launch     start a program as the ranks of a parallel job on this machine
//	tutti bench      measure this machine's kernels against their limits
//	tutti inspect    list the tensors in a safetensors file
//	tutti cpu        show the processor's features and the kernels chosen for it
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// Exit codes, after the shells' own.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT; of SIGTERM 143, of SIGHUP 129
)

// usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func main() {
	// The first signal asks the job to stop at the next step and write its checkpoint; with the handler gone, a second
	// interrupt ends the process at once. Terminations that a cluster's manager repeats do not.
	stopSignals := launch.StopSignals()
	ctx, cancel := context.WithCancelCause(context.Background())
	first := make(chan os.Signal, 1)
	signal.Notify(first, stopSignals...)
	go func() {
		s := <-first
		signal.Stop(first)
		cancel(&signalled{s})
	}()
	signal.Notify(make(chan os.Signal, 1), stopSignals[1:]...)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// signalled is why a command stops that a signal asked to.
type signalled struct{ signal os.Signal }

func (s *signalled) Error() string        { return s.signal.String() }
func (s *signalled) Is(target error) bool { return target == context.Canceled }

// code is the exit code of a command that the signal ended, as shells count: 128 and the signal's number.
func (s *signalled) code() int {
	if n, ok := s.signal.(syscall.Signal); ok && n > 0 && n < 64 {
		return 128 + int(n)
	}
	return exitInterrupted
}

// run executes one command line and gives its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "tutti",
		Short:         "Deep learning in Go, from one core to a cluster",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return cpu.Check()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(trainCommand(), evaluateCommand(), predictCommand(), dataCommand(), launchCommand(),
		benchCommand(), inspectCommand(), cpuCommand())
	root.SetArgs(args)
	out := &output{w: stdout}
	root.SetOut(out)
	root.SetErr(stderr)
	err := cmp.Or(root.ExecuteContext(ctx), out.err)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "tutti: "+oneLine(err))
	code := exitCode(err)
	if s := (*signalled)(nil); code == exitInterrupted && errors.As(context.Cause(ctx), &s) {
		code = s.code()
	}
	return code
}

// output is standard output. It keeps its first error: a command that trains for hours should neither stop because of
// it nor end with 0.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("writing to standard output: %w", err)
	}
	return n, err
}

// exitCode tells scripts what kind of failure err is.
func exitCode(err error) int {
	var exit *launch.ExitError
	var usage usageError
	switch {
	case errors.As(err, &exit):
		return exit.Code
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailure
}

// oneLine gives the first line of err's text, without what would steer a terminal: of the errors of many ranks, the
// first to fail.
func oneLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return visible(line)
}
