package main

// Commands that share their work among ranks: those of this process, or of a job that a launcher started.

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
)

// rankOptions say on which ranks a command runs.
type rankOptions struct {
	ranks     int
	transport string
	timeout   time.Duration
}

func (o *rankOptions) flags(f *pflag.FlagSet) {
	countVar(f, &o.ranks, "ranks", 2, "ranks in this process, where no launcher started it; no result depends on it")
	f.StringVar(&o.transport, "transport", "auto", "transport between ranks of a launched job")
	durationVar(f, &o.timeout, "timeout", collectives.DefaultTimeout,
		"how long a rank waits for the others in one operation")
}

// run calls fn on each rank.
func (o *rankOptions) run(ctx context.Context, fn func(ctx context.Context, g *collectives.Group) error) error {
	place := launch.Config{Transport: o.transport, Group: collectives.Config{Timeout: o.timeout}}
	transport, err := place.Resolve()
	if err != nil {
		return usageError{err}
	}
	if transport == launch.InProc {
		return launch.Local(ctx, o.ranks, place.Group, fn)
	}
	g, err := launch.Open(ctx, place)
	if err != nil {
		return err
	}
	defer g.Close()
	return fn(ctx, g)
}
