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
	"github.com/tutti-ml/tutti/internal/panics"
)

// PanicError is a panic of one rank's function, turned into an error so that it does not take the process down.
type PanicError struct {
	Value any
	At    string // where in the user's program it began, as "net.go:32, main.(*Net).Forward"; "" if that is unknown
	Stack []byte // of the goroutine that panicked
}

// Error returns the value of the panic and the place where it began. The verb %+v adds the stack, in the error that
// Local returns too.
func (e *PanicError) Error() string {
	if e.At == "" {
		return fmt.Sprintf("panic: %v", e.Value)
	}
	return fmt.Sprintf("panic: %v (%s)", e.Value, e.At)
}

// Format makes the verb %+v add the stack.
func (e *PanicError) Format(s fmt.State, verb rune) { panics.Format(s, verb, e, e.Stack) }

// Unwrap returns the value of the panic if it is an error.
func (e *PanicError) Unwrap() error { err, _ := e.Value.(error); return err }

// errGoexit is what a rank's function has done that ended its goroutine, as testing.T's FailNow does.
var errGoexit = errors.New("its goroutine was ended by runtime.Goexit")

// Local runs fn on n ranks, each a goroutine of this process with its own member of one group, and returns when all have
// returned. The groups are closed after their fn.
//
// The first rank that fails cancels the context of the others, with its error as the cause. The errors are joined, each
// with its rank, first failure first; ranks that only report that another failed (a cancelled context, ErrPeerLost, an
// error with the method OfRank() int) are left out where one tells why. A panic in fn becomes a *PanicError, and a
// goroutine that fn ends an error as well. It panics if n < 1.
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
			err := errGoexit
			defer func() {
				if err == nil {
					return
				}
				err := fmt.Errorf("rank %d: %w", rank, err)
				mu.Lock()
				defer mu.Unlock()
				if isEcho(err) {
					echoes = append(echoes, err)
				} else {
					own = append(own, err)
				}
				cancel(err)
			}()
			err = guarded(ctx, g, fn)
		})
	}
	wg.Wait()
	if len(own) == 0 && len(echoes) > 0 {
		return echoes[0]
	}
	return panics.Detailed(errors.Join(own...))
}

// isEcho reports whether a rank's error says no more than that another rank failed.
func isEcho(err error) bool {
	var other interface{ OfRank() int }
	return errors.Is(err, context.Canceled) || errors.Is(err, collectives.ErrPeerLost) || errors.As(err, &other)
}

// guarded calls fn and turns its panic into an error.
func guarded(ctx context.Context, g *collectives.Group, fn func(context.Context, *collectives.Group) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, panics.At(), debug.Stack()}
		}
	}()
	return fn(ctx, g)
}
