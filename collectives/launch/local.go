package launch

// Ranks as goroutines of this process.

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
)

// PanicError is a panic of one rank's function, turned into an error so that it does not take the process down.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

// Error returns the value of the panic, on one line; the stack is in the field.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value of the panic if it is an error.
func (e *PanicError) Unwrap() error { err, _ := e.Value.(error); return err }

// Local runs fn on n ranks, each a goroutine of this process with its own member of one group, and returns when all have
// returned. The groups are closed after their fn.
//
// The first rank that fails cancels the context of the others, with its error as the cause. The errors are joined, each
// with its rank, first failure first; ranks that only report that another failed (a cancelled context, ErrPeerLost) are
// left out where one tells why. A panic in fn becomes a *PanicError. It panics if n < 1.
func Local(ctx context.Context, n int, c collectives.Config, fn func(ctx context.Context, g *collectives.Group) error) error {
	if n < 1 {
		panic(fmt.Sprintf("launch: Local: %d ranks", n))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg          sync.WaitGroup
		mu          sync.Mutex
		own, echoes []error
	)
	for rank, t := range inproc.NewWorld(n) {
		g, err := collectives.New(t, c)
		if err != nil {
			return err // the configuration: the same for all, so no rank runs yet
		}
		wg.Go(func() {
			defer g.Close() // once the error is known: the others shall not think of this first
			err := guarded(ctx, g, fn)
			if err == nil {
				return
			}
			err = fmt.Errorf("rank %d: %w", rank, err)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, context.Canceled) || errors.Is(err, collectives.ErrPeerLost) {
				echoes = append(echoes, err)
			} else {
				own = append(own, err)
			}
			cancel(err)
		})
	}
	wg.Wait()
	if len(own) == 0 && len(echoes) > 0 {
		return echoes[0]
	}
	return errors.Join(own...)
}

// guarded calls fn and turns its panic into an error.
func guarded(ctx context.Context, g *collectives.Group, fn func(context.Context, *collectives.Group) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
	}()
	return fn(ctx, g)
}
