package collectives

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Alone returns a group of one rank, so that a program need not care whether it has company.
func Alone() *Group {
	g, err := New(single{}, Config{})
	if err != nil {
		panic(fmt.Sprintf("collectives: Alone: %v", err))
	}
	return g
}

// single is the transport of a world of one, in which there is nobody to talk to.
type single struct{}

func (single) Rank() int    { return 0 }
func (single) Size() int    { return 1 }
func (single) Close() error { return nil }

func (single) Send(_ context.Context, to int, _ transport.Tag, _ []byte) error {
	panic(fmt.Sprintf("collectives: Alone: send to rank %d of 1", to))
}

func (single) Recv(_ context.Context, from int, _ transport.Tag, _ []byte) error {
	panic(fmt.Sprintf("collectives: Alone: receive from rank %d of 1", from))
}
