//go:build mpi && cgo && !windows

package mpi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// parts are what ranks do in jobs that are meant to fail. Each returns its process's exit code.
var parts = map[string]func() int{
	// Rank 1 never takes a long message: rank 0 must get its memory back, and leaving must not hang.
	"never received": func() int {
		w := must(Open(context.Background(), Config{CloseTimeout: time.Second})).(*world)
		if w.rank == 1 {
			time.Sleep(time.Minute)
			return 0
		}
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		err := w.Send(ctx, 1, 1, make([]byte, 64<<20))
		fmt.Println("send:", errors.Is(err, context.DeadlineExceeded), err)
		w.Close()
		fmt.Println("unreachable: Close has returned")
		return 0
	},
	// Rank 1 does not close.
	"not closed": func() int {
		w := must(Open(context.Background(), Config{CloseTimeout: 300 * time.Millisecond})).(*world)
		if w.rank == 1 {
			time.Sleep(time.Minute)
		}
		w.Close()
		return 0
	},
	// Rank 1 freezes in the midst of a collective.
	"frozen": func() int {
		w := must(Open(context.Background(), Config{})).(*world)
		if w.rank == 1 {
			time.AfterFunc(100*time.Millisecond, func() { syscall.Kill(os.Getpid(), syscall.SIGSTOP) })
		}
		buf := make([]byte, 64<<20)
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
			err := w.AllReduce(ctx, buf, transport.Float32, transport.Sum)
			cancel()
			if err != nil {
				fmt.Println("gave up before it began:", err)
				w.Abort(err)
				w.Close()
				return 0
			}
		}
	},
	// Rank 1 dies.
	"killed": func() int {
		w := must(Open(context.Background(), Config{})).(*world)
		if w.rank == 1 {
			p := must(os.FindProcess(os.Getpid()))
			p.Kill()
		}
		w.Recv(context.Background(), 1, 1, make([]byte, 1))
		return 0
	},
	// All is well: the job ends with 0 and without a complaint.
	"well": func() int {
		w := must(Open(context.Background(), Config{})).(*world)
		if err := w.Barrier(context.Background()); err != nil {
			fmt.Println(err)
		}
		time.Sleep(time.Duration(w.rank) * 100 * time.Millisecond)
		if err := w.Close(); err != nil {
			fmt.Println(err)
		}
		return 0
	},
}

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
	return v
}

func TestJobsThatEnd(t *testing.T) {
	if underMPIRun() {
		return
	}
	for part, want := range map[string]string{
		"never received": "1 messages were not taken",
		"not closed":     "rank 0: closing: within 300ms, ranks [1] have not closed",
		"killed":         "signal 9",
		"frozen":         "ending the job",
	} {
		t.Run(part, func(t *testing.T) {
			begin := time.Now()
			out, err := mpirun(t, 2, role+"="+part)
			require.Error(t, err, out)
			assert.Contains(t, out, want)
			assert.NotContains(t, out, "unreachable")
			assert.Less(t, time.Since(begin), 20*time.Second, "a rank that sleeps for a minute, or is frozen, held up the end")
		})
	}
	t.Run("well", func(t *testing.T) {
		out, err := mpirun(t, 3, role+"=well")
		require.NoError(t, err, out)
		assert.NotContains(t, out, "tutti")
		assert.NotContains(t, out, "mpirun") // as in: mpirun has exited due to a process that did not call "finalize"
	})
}
