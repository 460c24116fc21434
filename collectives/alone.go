package collectives

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Alone returns a group of one rank, so that a program need not care whether it has company.
func Alone() *Group {
	g, err := New(alone{}, Config{})
	if err != nil {
		panic(fmt.Sprintf("collectives: Alone: %v", err))
	}
	return g
}

// alone is the transport of a world of one, in which there is nobody to talk to.
type alone struct{}

func (alone) Rank() int    { return 0 }
func (alone) Size() int    { return 1 }
func (alone) Close() error { return nil }

func (alone) Send(_ context.Context, to int, _ transport.Tag, _ []byte) error {
	panic(fmt.Sprintf("collectives: Alone: send to rank %d of 1", to))
}

func (alone) Recv(_ context.Context, from int, _ transport.Tag, _ []byte) error {
	panic(fmt.Sprintf("collectives: Alone: receive from rank %d of 1", from))
}
