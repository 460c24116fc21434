package rendezvous

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// A client has one connection, however much it waits for: a job of P ranks asks for P(P−1)/2 addresses at once.
func TestOneConnectionAClient(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	defer server.Close()
	c, err := Dial(t.Context(), server.Addr(), secretRaw)
	require.NoError(t, err)
	defer c.Close()
	const n = 1500 // more than any number of connections that the server would take
	waiting := func() (clients, gets int) {
		server.mu.Lock()
		defer server.mu.Unlock()
		for s := range server.sessions {
			gets += s.waiting
		}
		return len(server.sessions), gets
	}
	var wg sync.WaitGroup
	for k := range n {
		wg.Go(func() {
			got, err := c.Get(t.Context(), fmt.Sprint("key", k))
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprint("value", k), string(got))
		})
	}
	for _, gets := waiting(); gets < n; _, gets = waiting() {
		time.Sleep(time.Millisecond)
	}
	clients, _ := waiting()
	assert.Equal(t, 1, clients)
	for k := range n {
		server.Set(fmt.Sprint("key", k), fmt.Append(nil, "value", k))
	}
	wg.Wait()
}

// breaker passes connections on to a server, and can cut them.
type breaker struct {
	l     net.Listener
	mu    sync.Mutex
	conns []net.Conn
	count int
}

func newBreaker(t *testing.T, to string) *breaker {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &breaker{l: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			b.mu.Lock()
			b.conns = append(b.conns, in, out)
			b.count++
			b.mu.Unlock()
			pipe := func(a, b net.Conn) {
				defer a.Close()
				defer b.Close()
				buf := make([]byte, 4096)
				for {
					n, err := a.Read(buf)
					if err != nil {
						return
					}
					if _, err := b.Write(buf[:n]); err != nil {
						return
					}
				}
			}
			go pipe(in, out)
			go pipe(out, in)
		}
	}()
	return b
}

func (b *breaker) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.Close()
	}
	b.conns = nil
}

// A connection that breaks is made anew, and what was asked over it is asked again.
func TestClientConnectsAgain(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	defer server.Close()
	b := newBreaker(t, server.Addr())
	c, err := Dial(t.Context(), b.l.Addr().String(), secretRaw)
	require.NoError(t, err)
	defer c.Close()
	got := make(chan string, 2)
	for _, key := range []string{"a", "b"} {
		go func() {
			v, err := c.Get(t.Context(), key)
			assert.NoError(t, err)
			got <- string(v)
		}()
	}
	asked := func() bool {
		server.mu.Lock()
		defer server.mu.Unlock()
		return server.values["a"] != nil && server.values["b"] != nil
	}
	for !asked() {
		time.Sleep(time.Millisecond)
	}
	b.cut()
	server.Set("a", []byte("a"))
	server.Set("b", []byte("b"))
	assert.ElementsMatch(t, []string{"a", "b"}, []string{<-got, <-got})
	b.cut() // while nothing is asked
	first, err := c.Propose(t.Context(), "p", []byte("mine"))
	require.NoError(t, err)
	assert.Equal(t, "mine", string(first))
	b.mu.Lock()
	assert.Equal(t, 3, b.count, "connections")
	b.mu.Unlock()
}

// Strangers who connect and say nothing, more than there are places, keep nobody out.
func TestSilentStrangersKeepNobodyOut(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	defer server.Close()
	for range 1100 {
		conn, err := net.Dial("tcp", server.Addr())
		require.NoError(t, err)
		defer conn.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), handshakeTimeout-time.Second) // before the first of them is sent away
	defer cancel()
	c, err := Dial(ctx, server.Addr(), secretRaw)
	require.NoError(t, err)
	require.NoError(t, c.Set(ctx, "k", nil))
	require.NoError(t, c.Close())
}

// A server that ends in good order tells those who wait, and those who ask after Close of their own are told too.
func TestClientIsTold(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	c, err := Dial(t.Context(), server.Addr(), secretRaw)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Get(t.Context(), "never")
		ended <- err
	}()
	for asked := false; !asked; time.Sleep(time.Millisecond) {
		server.mu.Lock()
		asked = server.values["never"] != nil
		server.mu.Unlock()
	}
	require.NoError(t, server.Close())
	err = <-ended
	require.ErrorIs(t, err, transport.ErrClosed)
	require.ErrorContains(t, err, "the store has ended")

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = c.Get(ctx, "k")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, server.Addr(), "the last try")
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Set(t.Context(), "k", nil), transport.ErrClosed)
}
