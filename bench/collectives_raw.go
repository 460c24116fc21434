// The ceiling of two ranks over TCP: two processes that exchange bytes over loopback, both ways at once.

package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// rawChunk is the length of a write in bytes, the best of those tried.
const rawChunk = 1 << 20

// rawExchange plays one of the two. An AllReduce of S bytes between two ranks moves S bytes each way, so its busbw and
// the raw exchange's are one measure.
func rawExchange(ctx context.Context, c CollectiveCase, emit func(CollectiveRow) error) error {
	spec, err := rendezvous.Find(os.Getenv)
	if err != nil {
		return err
	}
	if spec.Size != 2 {
		return fmt.Errorf("bench: %s: %d ranks, want 2", Raw, spec.Size)
	}
	conn, err := rawMeet(ctx, spec)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, size := range c.Sizes {
		send, recv := make([]byte, size), make([]byte, size)
		warm := make([]time.Duration, 3)
		for i := range warm {
			if warm[i], err = rawTurn(conn, send, recv); err != nil {
				return err
			}
		}
		// Both sides must make the same number of turns: rank 0 says how many.
		row := CollectiveRow{Job: Raw, Ranks: 2, Op: c.Op, Bytes: size}
		row.Iters = max(5, min(10_000, int(c.Budget/max(1, warm[2]))))
		if row.Iters, err = rawAgree(conn, spec.Rank, row.Iters); err != nil {
			return err
		}
		times := make([]time.Duration, row.Iters)
		for i := range times {
			if times[i], err = rawTurn(conn, send, recv); err != nil {
				return err
			}
		}
		slices.Sort(times)
		row.setTime(float64(times[len(times)/2].Nanoseconds()) / 1e3)
		if spec.Rank == 0 {
			if err := emit(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// rawMeet connects the two: rank 0 listens and leaves its address in the job's store.
func rawMeet(ctx context.Context, spec rendezvous.Spec) (net.Conn, error) {
	store, err := rendezvous.Dial(ctx, spec.StoreAddr, spec.Secret)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if spec.Rank == 1 {
		addr, err := store.Get(ctx, "raw")
		if err != nil {
			return nil, err
		}
		return net.Dial("tcp", string(addr))
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	if err := store.Set(ctx, "raw", []byte(ln.Addr().String())); err != nil {
		return nil, err
	}
	return ln.Accept()
}

// rawTurn sends and receives at once.
func rawTurn(conn net.Conn, send, recv []byte) (time.Duration, error) {
	start := time.Now()
	sent := make(chan error, 1)
	go func() {
		var err error
		for p := send; len(p) > 0 && err == nil; {
			n := min(len(p), rawChunk)
			_, err = conn.Write(p[:n])
			p = p[n:]
		}
		sent <- err
	}()
	if _, err := io.ReadFull(conn, recv); err != nil {
		return 0, err
	}
	return time.Since(start), <-sent
}

func rawAgree(conn net.Conn, rank, n int) (int, error) {
	b := [4]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
	var err error
	if rank == 0 {
		_, err = conn.Write(b[:])
	} else if _, err = io.ReadFull(conn, b[:]); err == nil {
		n = int(b[0]) | int(b[1])<<8 | int(b[2])<<16 | int(b[3])<<24
	}
	return n, err
}
