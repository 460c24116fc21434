package tcp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/collectivestest"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// The wire between two ranks, in the hands of a proxy that spoils it.

// handshakeBytes is what each side sends before the frames: D a hello and a proof, A these and the welcome.
const handshakeBytes = 108 + 32

// spoiler changes what passes. It is called with the direction, the offset in it and the bytes at that offset, and returns
// false to hang up.
type spoiler func(fromDialer bool, off int, b []byte) bool

// proxyStore hands out, instead of each address, that of a proxy to it.
type proxyStore struct {
	transport.Store
	t     *testing.T
	spoil spoiler
}

func (s proxyStore) Get(ctx context.Context, key string) ([]byte, error) {
	to, err := s.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		defer ln.Close()
		a, err := ln.Accept()
		if err != nil {
			return
		}
		defer a.Close()
		b, err := net.Dial("tcp", string(to))
		if err != nil {
			return
		}
		defer b.Close()
		var wg sync.WaitGroup
		pass := func(dst, src net.Conn, fromDialer bool) {
			buf := make([]byte, 8<<10)
			for off := 0; ; {
				n, err := src.Read(buf)
				if n > 0 && !s.spoil(fromDialer, off, buf[:n]) {
					a.Close()
					b.Close()
					return
				}
				if _, werr := dst.Write(buf[:n]); werr != nil || err != nil {
					dst.(*net.TCPConn).CloseWrite()
					io.Copy(io.Discard, src)
					return
				}
				off += n
			}
		}
		wg.Go(func() { pass(b, a, true) })
		wg.Go(func() { pass(a, b, false) })
		wg.Wait()
	}()
	return []byte(ln.Addr().String()), nil
}

// throughProxy lets two ranks meet through a proxy and AllReduce 1000 int64 three times. It returns each rank's first
// error; a result that is wrong fails the test.
func throughProxy(t *testing.T, spoil spoiler) [2]error {
	t.Helper()
	const n = 1000
	want, _ := collectivestest.Reference[int64](2, n, collectives.Sum)
	store := proxyStore{transport.NewMemStore(), t, spoil}
	var errs [2]error
	var wg sync.WaitGroup
	for r := range 2 {
		wg.Go(func() {
			errs[r] = func() error {
				tr, err := tcp.Open(t.Context(), tcp.Config{Rank: r, Size: 2, Store: store, Secret: []byte("s"), Carrier: tcp.TCP, OpenTimeout: 400 * time.Millisecond})
				if err != nil {
					return err
				}
				g, err := collectives.New(tr, collectives.Config{Timeout: 2 * time.Second})
				if err != nil {
					return err
				}
				defer g.Close()
				for range 3 {
					buf := collectivestest.Input[int64](r, n)
					if err := collectives.AllReduce(t.Context(), g, buf, collectives.Sum); err != nil {
						return err
					}
					assert.Equal(t, want, buf, "no error, so the sum must be right")
				}
				return nil
			}()
		})
	}
	wg.Wait()
	return errs
}

func TestCleanProxyDoesNoHarm(t *testing.T) {
	assert.Equal(t, [2]error{}, throughProxy(t, func(bool, int, []byte) bool { return true }))
}

// Whichever bit of a frame is flipped, in its header or payload, both ranks fail, and no wrong sum passes.
func TestFlippedBitsAreFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		at, bit := handshakeBytes+1+i%32, byte(1)<<rng.IntN(8) // each byte of the first header
		if i >= 32 {
			at = handshakeBytes + 1 + 32 + rng.IntN(8000) // then the payload
		}
		fromDialer := i%2 == 0
		t.Run(fmt.Sprintf("byte %d bit %#02x dialer %v", at, bit, fromDialer), func(t *testing.T) {
			t.Parallel()
			errs := throughProxy(t, func(d bool, off int, b []byte) bool {
				if d == fromDialer && at >= off && at < off+len(b) {
					b[at-off] ^= bit
				}
				return true
			})
			for r, err := range errs {
				assert.ErrorIs(t, err, transport.ErrPeerLost, "rank %d", r)
			}
			assert.Contains(t, fmt.Sprint(errs), "corrupt frame")
		})
	}
}

func TestFlippedHandshakeIsRefused(t *testing.T) {
	for _, at := range []int{0, 9, 13, 17, 21, 30, 60, 90, 107, handshakeBytes - 1} {
		for _, fromDialer := range []bool{true, false} {
			t.Run(fmt.Sprintf("byte %d dialer %v", at, fromDialer), func(t *testing.T) {
				t.Parallel()
				errs := throughProxy(t, func(d bool, off int, b []byte) bool {
					if d == fromDialer && at >= off && at < off+len(b) {
						b[at-off] ^= 4
					}
					return true
				})
				assert.Error(t, errs[0])
				assert.Error(t, errs[1])
			})
		}
	}
}

func TestTruncatedStreamIsALostPeer(t *testing.T) {
	for _, after := range []int{1, 31, 32, 33, 100, 4000, 8095} { // bytes after the handshake
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			t.Parallel()
			errs := throughProxy(t, func(d bool, off int, b []byte) bool {
				return !d || off+len(b) <= handshakeBytes+after
			})
			for r, err := range errs {
				assert.ErrorIs(t, err, transport.ErrPeerLost, "rank %d", r)
			}
		})
	}
}

func TestStrangersAreIgnored(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) { strangersAreIgnored(t, network) })
	}
}

func strangersAreIgnored(t *testing.T, network string) {
	if network == "unix" && runtime.GOOS == "windows" {
		t.Skip("not run: no unix sockets between ranks on Windows")
	}
	store := transport.NewMemStore()
	c := tcp.Config{Size: 2, Store: store, Secret: []byte("secret")}
	opened := make(chan error, 1)
	var zero *tcp.Transport
	go func() {
		var err error
		zero, err = tcp.Open(t.Context(), c)
		opened <- err
	}()
	address, err := store.Get(t.Context(), "tcp//0")
	require.NoError(t, err)
	address, local, _ := bytes.Cut(address, []byte("\n"))
	if network == "unix" {
		address = bytes.SplitN(local, []byte(" "), 3)[2]
	}
	hello := append([]byte("TUTTI\x00\x00\x00"), make([]byte, 100)...)
	for name, say := range map[string]string{
		"nothing":              "",
		"http":                 "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"zeros":                string(make([]byte, 100_000)),
		"half a hello":         string(hello[:40]),
		"hello, false proof":   string(hello) + strings.Repeat("x", 32),
		"hello and much more":  string(hello) + strings.Repeat("x", 100_000),
		"magic and impatience": "TUTTI\x00\x00\x00" + strings.Repeat("\xff", 1000),
	} {
		conn, err := net.Dial(network, string(address))
		require.NoError(t, err, name)
		defer conn.Close() // all stay connected while the true peer comes
		conn.Write([]byte(say))
	}
	c.Rank = 1
	one, err := tcp.Open(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, <-opened)
	go zero.Send(t.Context(), 1, 7, []byte("hello"))
	got := make([]byte, 5)
	require.NoError(t, one.Recv(t.Context(), 0, 7, got))
	assert.Equal(t, "hello", string(got))
	one.Close()
	zero.Close()
}

// otherEpoch finds the addresses of epoch 0.
type otherEpoch struct{ transport.Store }

func (s otherEpoch) Get(ctx context.Context, key string) ([]byte, error) {
	return s.Store.Get(ctx, strings.Replace(key, "tcp//1/", "tcp//", 1))
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		adjust func(c *tcp.Config) // of rank 1
		want   [2]error            // what each rank's error wraps; nil for any
		text   string              // in one of them
	}{
		{"another secret", func(c *tcp.Config) { c.Secret = []byte("guess") }, [2]error{transport.ErrUnauthorized, transport.ErrUnauthorized}, "ranks [1] did not come"},
		{"another size", func(c *tcp.Config) { c.Size = 3 }, [2]error{transport.ErrMismatch, nil}, "number of ranks: 3 on rank 1, 2 on rank 0"},
		{"another epoch", func(c *tcp.Config) { c.Epoch, c.Store = 1, otherEpoch{c.Store} }, [2]error{transport.ErrMismatch, nil}, "epoch: 1 on rank 1, 0 on rank 0"},
		{"nobody there", func(c *tcp.Config) { c.Store = transport.NewMemStore() }, [2]error{transport.ErrTimeout, transport.ErrTimeout}, "ranks [1] did not come"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := transport.NewMemStore()
			var errs [2]error
			var wg sync.WaitGroup
			for r := range errs {
				wg.Go(func() {
					c := tcp.Config{Rank: r, Size: 2, Store: store, Secret: []byte("s"), OpenTimeout: 300 * time.Millisecond}
					if r == 1 {
						tt.adjust(&c)
					}
					_, errs[r] = tcp.Open(t.Context(), c)
				})
			}
			wg.Wait()
			for r, err := range errs {
				require.Error(t, err, "rank %d", r)
				assert.True(t, tt.want[r] == nil || errors.Is(err, tt.want[r]), "rank %d: %v", r, err)
			}
			assert.Contains(t, fmt.Sprint(errs), tt.text)
		})
	}
}
