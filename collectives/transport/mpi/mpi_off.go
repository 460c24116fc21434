//go:build !mpi || !cgo || windows

package mpi

import (
	"context"
	"errors"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Available says whether this binary was built with MPI.
const Available = false

// ErrUnavailable is what Open returns in a binary without MPI.
var ErrUnavailable = errors.New("this binary was built without MPI: build it with -tags mpi")

// Open returns ErrUnavailable.
func Open(context.Context, Config) (transport.Transport, error) { return nil, ErrUnavailable }
