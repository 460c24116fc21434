package tcp_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/internal/fdlimit"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// detour is a store through which every address leads to a proxy, whose first connections go to spoil and end there.
type detour struct {
	transport.Store
	t     *testing.T
	first int
	spoil func(nth int, a, b net.Conn)
}

func (d detour) Get(ctx context.Context, key string) ([]byte, error) {
	to, err := d.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.t.Cleanup(func() { ln.Close() })
	go func() {
		for n := 0; ; n++ {
			a, err := ln.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", string(to))
			if err != nil {
				a.Close()
				return
			}
			if n < d.first {
				go d.spoil(n, a, b)
				continue
			}
			go pass(a, b, -1)
			go pass(b, a, -1)
		}
	}()
	return []byte(ln.Addr().String()), nil
}

// pass passes bytes on, up to limit of them if that is not negative, and hangs up.
func pass(to, from net.Conn, limit int) {
	defer to.Close()
	defer from.Close()
	var b [1]byte
	for n := 0; n != limit; n++ {
		if _, err := from.Read(b[:]); err != nil {
			return
		}
		if _, err := to.Write(b[:]); err != nil {
			return
		}
	}
}

// Handshakes that fail are tried again: cut at any byte, or unanswered, as by a rank that is paused.
func TestHandshakeIsTriedAgain(t *testing.T) {
	defer tcp.SetHandshakeTimeout(tcp.SetHandshakeTimeout(100 * time.Millisecond))
	for _, tt := range []struct {
		name  string
		first int
		spoil func(nth int, a, b net.Conn)
	}{
		{"cut", 6, func(nth int, a, b net.Conn) {
			limit := []int{0, 1, 107, 108, 139, 140}[nth] // bytes from either side: of hello and proof
			go pass(a, b, limit)
			pass(b, a, limit)
		}},
		{"paused", 2, func(nth int, a, b net.Conn) { pass(a, b, 1<<30) }}, // nothing of the dialer's arrives
		{"deaf", 2, func(nth int, a, b net.Conn) { pass(b, a, 1<<30) }},   // it hears nothing
	} {
		t.Run(tt.name, func(t *testing.T) {
			ts := open(t, 3, func(c *tcp.Config) {
				c.Carrier, c.Store = tcp.TCP, detour{c.Store, t, tt.first, tt.spoil}
			})
			for r, e := range ts {
				go e.Send(t.Context(), (r+1)%3, 1, []byte{byte(r)})
			}
			for r, e := range ts {
				got := make([]byte, 1)
				require.NoError(t, e.Recv(t.Context(), (r+2)%3, 1, got))
				assert.Equal(t, byte((r+2)%3), got[0])
			}
		})
	}
}

// Strangers who connect and keep silent, many times more than there are places, keep no rank from starting: those that
// do not know the secret go when others come, and a peer speaks at once.
func TestManySilentStrangers(t *testing.T) {
	defer tcp.SetHandshakeTimeout(tcp.SetHandshakeTimeout(time.Minute)) // none goes by itself
	for _, words := range []string{"", "TUTTI\x00\x00\x00" + strings.Repeat("x", 100)} {
		t.Run(fmt.Sprintf("%d bytes", len(words)), func(t *testing.T) {
			store := transport.NewMemStore()
			c := tcp.Config{Size: 2, Store: store, Secret: []byte("secret"), Carrier: tcp.TCP}
			var wg sync.WaitGroup
			ends := make([]*tcp.Transport, 2)
			open := func(rank int) {
				wg.Go(func() {
					c := c
					c.Rank = rank
					var err error
					ends[rank], err = tcp.Open(t.Context(), c)
					assert.NoError(t, err)
				})
			}
			open(0)
			address, err := store.Get(t.Context(), "tcp//0")
			require.NoError(t, err)
			for range 300 {
				conn, err := net.Dial("tcp", string(address))
				require.NoError(t, err)
				defer conn.Close()
				conn.Write([]byte(words))
			}
			open(1)
			wg.Wait()
			require.False(t, t.Failed())
			go ends[0].Close()
			ends[1].Close()
		})
	}
}

// A process that comes a second time, since the first connection broke, replaces it; another process that says it is
// the same rank is a mistake.
func TestTwoProcessesOfOneRank(t *testing.T) {
	store := transport.NewMemStore()
	errs := make(chan error, 3)
	for _, r := range []int{0, 2, 2} { // rank 1 never comes
		go func() {
			_, err := tcp.Open(t.Context(), tcp.Config{Rank: r, Size: 3, Store: store, Secret: []byte("s"),
				OpenTimeout: time.Second})
			errs <- err
		}()
	}
	var all []string
	for range 3 {
		err := <-errs
		require.Error(t, err)
		all = append(all, err.Error())
	}
	assert.Contains(t, strings.Join(all, "\n"), "two processes say that they are rank 2")
}

// Too few descriptors are named at once, with the limit, by the rank that lacks them.
func TestTooManyOpenFiles(t *testing.T) {
	limit, known := fdlimit.Max()
	if !known || limit > 1<<20 {
		t.Skip("not run: no limit that a job could reach")
	}
	_, err := tcp.Open(t.Context(), tcp.Config{Size: int(limit), Store: transport.NewMemStore()})
	require.ErrorIs(t, err, syscall.EMFILE)
	require.ErrorContains(t, err, fmt.Sprintf("this process may have %d (ulimit -n)", limit))
}

// mappings counts the mappings of shared memory in this process.
func mappings(t *testing.T) int {
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	return strings.Count(string(maps), "/memfd:tutti")
}

// Ranks share memory when they talk, and only with whom they talk.
func TestMemoryIsSharedByThoseThatTalk(t *testing.T) {
	if _, err := os.Stat("/proc/self/maps"); err != nil {
		t.Skip("not run: shared memory is Linux's")
	}
	ts := open(t, 8, func(c *tcp.Config) {
		c.Carrier, c.Heartbeat = tcp.Shm, 5*time.Millisecond
	})
	time.Sleep(30 * time.Millisecond) // some heartbeats
	assert.Equal(t, 0, mappings(t), "after Open")
	for i := range 3 {
		go ts[2].Send(t.Context(), 5, 1, []byte{byte(i)})
		got := make([]byte, 1)
		require.NoError(t, ts[5].Recv(t.Context(), 2, 1, got))
		assert.Equal(t, 2, mappings(t), "one ring, mapped at both ends")
	}
	go ts[5].Send(t.Context(), 2, 1, []byte("back"))
	got := make([]byte, 4)
	require.NoError(t, ts[2].Recv(t.Context(), 5, 1, got))
	assert.Equal(t, 4, mappings(t))
	assert.Equal(t, tcp.Shm, ts[0].Carrier(1), "though nothing is shared yet")
}

// In a large job a rank exchanges heartbeats with few others; those tell the rest when it falls silent.
func TestSilenceIsFoundByTheFewThatWatch(t *testing.T) {
	const size, silent = 24, 7
	ts := open(t, size, func(c *tcp.Config) {
		c.Heartbeat, c.PeerTimeout = 100*time.Millisecond, time.Second
		if c.Rank == silent {
			c.Heartbeat, c.PeerTimeout = time.Hour, 2*time.Hour
		}
	})
	var wg sync.WaitGroup
	for r, e := range ts {
		if r != silent {
			wg.Go(func() {
				err := e.Recv(t.Context(), (r+size/2)%size, 1, nil) // half of them wait for who waits for somebody else
				var lost *transport.PeerLostError
				if assert.ErrorAs(t, err, &lost, "rank %d", r) {
					assert.Equal(t, silent, lost.Rank, "rank %d: %v", r, err)
				}
			})
		}
	}
	wg.Wait()
}

// A rank that has met all others may be long before one that has not says its first word: it is waited for as long as
// Open may take, though it is silent for longer than PeerTimeout.
func TestRankThatIsStillMeetingIsNotSilent(t *testing.T) {
	store := transport.NewMemStore()
	gate := make(chan struct{})
	ts := make([]*tcp.Transport, 3)
	var wg sync.WaitGroup
	for r := range ts {
		wg.Go(func() {
			c := tcp.Config{Rank: r, Size: 3, Store: store, Secret: []byte("s"),
				Heartbeat: 10 * time.Millisecond, PeerTimeout: 50 * time.Millisecond}
			if r == 2 {
				c.Store = late{store, "tcp//1", gate}
			}
			var err error
			ts[r], err = tcp.Open(t.Context(), c)
			assert.NoError(t, err)
			if r == 0 { // rank 2 has come to rank 0, and is not told yet where rank 1 is; so rank 1 lacks it
				time.Sleep(300 * time.Millisecond)
				close(gate)
			}
		})
	}
	wg.Wait()
	require.False(t, t.Failed())
	go ts[2].Send(t.Context(), 0, 1, []byte("x"))
	require.NoError(t, ts[0].Recv(t.Context(), 2, 1, make([]byte, 1)))
	for _, e := range ts {
		go e.Close()
	}
}

// late is a store that keeps one key back until gate is closed.
type late struct {
	transport.Store
	key  string
	gate chan struct{}
}

func (s late) Get(ctx context.Context, key string) ([]byte, error) {
	if key == s.key {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return s.Store.Get(ctx, key)
}
