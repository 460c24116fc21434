package launch

// Joining a group: who am I, which transport, meet the others.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/rendezvous"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"github.com/tutti-ml/tutti/collectives/transport/mpi"
)

// Open finds out from the environment who this process is (see rendezvous.Find), picks the transport c asks for, meets
// the other ranks and returns the group of all of them, which the caller closes. Every rank must call it.
//
// It waits for the slowest rank, no longer than ctx and c.OpenTimeout allow. Its errors say which launcher's environment
// was found, and what was tried.
//
// Under tutti launch a rank that fails before all have met ends the others' Open at once, and one that ends well after
// some seconds, by an ErrPeerLost that names it, with --keep-going too: only Reopen makes a group of fewer ranks than
// were started.
func Open(ctx context.Context, c Config) (*collectives.Group, error) {
	return open(ctx, c, os.Getenv)
}

func open(ctx context.Context, c Config, getenv func(string) string) (*collectives.Group, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	spec, err := rendezvous.Find(getenv)
	if err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	c.OpenTimeout, c.Regroup = cmp.Or(c.OpenTimeout, DefaultOpenTimeout), cmp.Or(c.Regroup, DefaultRegroup)
	ctx, cancel := context.WithTimeout(ctx, c.OpenTimeout)
	defer cancel()
	kind := c.choose(spec)
	t, err := c.connect(ctx, kind, spec)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w after %v: %w", transport.ErrTimeout, c.OpenTimeout, err)
		}
		return nil, fmt.Errorf("launch: rank %d of %d (from %s), transport %s: %w", spec.Rank, spec.Size, spec.Source, kind, err)
	}
	g, err := collectives.New(t, c.Group)
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("launch: %w", err)
	}
	return g, nil
}

// choose resolves Auto.
func (c Config) choose(s rendezvous.Spec) string {
	switch {
	case c.Transport != "" && c.Transport != Auto:
		return c.Transport
	case mpi.Available && s.MPI():
		return MPI
	case s.Size > 1:
		return TCP
	}
	return InProc
}

func (c Config) connect(ctx context.Context, kind string, s rendezvous.Spec) (transport.Transport, error) {
	switch kind {
	case MPI:
		return mpi.Open(ctx, mpi.Config{Rank: s.Rank, Size: s.Size, Launcher: s.Source})
	case TCP, Unix, Shm:
		return c.connectTCP(ctx, s)
	}
	if s.Size > 1 {
		return nil, fmt.Errorf("a process of its own cannot share memory with the other %d: ask for auto, tcp or mpi", s.Size-1)
	}
	return inproc.NewWorld(1)[0], nil
}

// Warning returns a line for the user if the launcher has left this process a single core of several; otherwise "".
func Warning() string { return mpi.Warning() }

// Looked says what Open looks at to find other ranks, for messages to a user who expected some.
func Looked() string {
	return "environment variables " + strings.Join(rendezvous.Marks(), ", ")
}
