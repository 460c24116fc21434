package rendezvous

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// tempDir makes os.TempDir a directory of this test.
func tempDir(t *testing.T) string {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // on Windows
	return dir
}

// stores makes the two kinds of store, for n ranks each.
var stores = map[string]func(t *testing.T, n int) []transport.Store{
	"tcp": func(t *testing.T, n int) []transport.Store {
		server, err := Serve("127.0.0.1:0", secretRaw)
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
		clients := make([]transport.Store, n)
		for i := range clients {
			c, err := Dial(t.Context(), server.Addr(), secretRaw)
			require.NoError(t, err)
			assert.Equal(t, "127.0.0.1", c.LocalHost())
			t.Cleanup(func() { c.Close() })
			clients[i] = c
		}
		return clients
	},
	"directory": func(t *testing.T, n int) []transport.Store {
		tempDir(t)
		dirs := make([]transport.Store, n)
		var wg sync.WaitGroup
		for rank := range n {
			wg.Go(func() {
				d, err := OpenDir(t.Context(), "", "job", rank, n)
				if assert.NoError(t, err) {
					dirs[rank] = d
				}
			})
		}
		wg.Wait()
		require.NotContains(t, dirs, nil)
		for _, d := range dirs {
			assert.Equal(t, dirs[0].(*Dir).Secret(), d.(*Dir).Secret())
			assert.Len(t, d.(*Dir).Secret(), 32)
		}
		return dirs
	},
}

func TestStores(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t, 3)
			ctx := t.Context()
			for _, value := range []string{"", "x", "127.0.0.1:80\x00\xff", strings.Repeat("v", maxValue)} {
				for _, key := range []string{"k", "a/b ../c", strings.Repeat("k", maxKey)} {
					require.NoError(t, s[0].Set(ctx, key, []byte(value)))
					for _, reader := range s {
						got, err := reader.Get(ctx, key)
						require.NoError(t, err)
						assert.Equal(t, value, string(got))
					}
				}
			}
		})
	}
}

// Whoever proposes, all get what the first has proposed, and Set's keys are others.
func TestStoresPropose(t *testing.T) {
	type proposer interface {
		Propose(ctx context.Context, key string, value []byte) ([]byte, error)
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t, 4)
			require.NoError(t, s[0].Set(t.Context(), "k0", []byte("set")))
			for k := range 5 {
				key := fmt.Sprint("k", k)
				got := make([]string, len(s))
				var wg sync.WaitGroup
				for i, p := range s {
					wg.Go(func() {
						v, err := p.(proposer).Propose(t.Context(), key, []byte(fmt.Sprint("of ", i)))
						assert.NoError(t, err)
						got[i] = string(v)
					})
				}
				wg.Wait()
				assert.Regexp(t, "^of [0-3]$", got[0])
				assert.Equal(t, []string{got[0], got[0], got[0], got[0]}, got)
				later, err := s[1].(proposer).Propose(t.Context(), key, nil)
				require.NoError(t, err)
				assert.Equal(t, got[0], string(later))
			}
			_, err := s[0].(proposer).Propose(t.Context(), "", nil)
			require.ErrorContains(t, err, "the key is empty")
		})
	}
}

func TestStoresWait(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t, 4)
			var wg sync.WaitGroup
			for i, reader := range s {
				for k := range 3 { // many at once, of one client too
					wg.Go(func() {
						got, err := reader.Get(t.Context(), fmt.Sprint("late", k))
						assert.NoError(t, err, "client %d", i)
						assert.Equal(t, fmt.Sprint(k), string(got))
					})
				}
			}
			time.Sleep(20 * time.Millisecond)
			for k := range 3 {
				require.NoError(t, s[0].Set(t.Context(), fmt.Sprint("late", k), []byte(fmt.Sprint(k))))
			}
			wg.Wait()
		})
	}
}

func TestStoresWaitLongerThanTheServerHolds(t *testing.T) {
	s := stores["tcp"](t, 2)
	time.AfterFunc(hold+100*time.Millisecond, func() { s[0].Set(t.Context(), "k", []byte("v")) }) // Get tells
	got, err := s[1].Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "v", string(got))
}

func TestStoresRespectTheContext(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t, 2)[1]
			stop := errors.New("stop")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(20*time.Millisecond, func() { cancel(stop) })
			_, err := s.Get(ctx, "never")
			require.ErrorIs(t, err, stop)
			require.ErrorContains(t, err, `get "never"`)
			require.Error(t, s.Set(ctx, "k", nil))
			require.NoError(t, s.Set(t.Context(), "k", []byte("v")), "it works on")
		})
	}
}

func TestStoresRefuse(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t, 2)[1]
			require.ErrorContains(t, s.Set(t.Context(), "", nil), "the key is empty")
			require.ErrorContains(t, s.Set(t.Context(), strings.Repeat("k", maxKey+1), nil), "a key of 257 bytes, more than 256")
			require.ErrorContains(t, s.Set(t.Context(), "k", make([]byte, maxValue+1)), "a value of 65536 bytes, more than 65535")
		})
	}
}

func TestServerFull(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	defer server.Close()
	server.mu.Lock()
	server.stored = maxStored - 5
	server.mu.Unlock()
	c, err := Dial(t.Context(), server.Addr(), secretRaw)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Set(t.Context(), "k", []byte("1234")))
	require.ErrorContains(t, c.Set(t.Context(), "l", nil), "refused: the store is full")
}

func TestServeRefuses(t *testing.T) {
	for _, c := range []struct{ name, addr, want string }{
		{"no port", "127.0.0.1", "is not host:port"},
		{"bad port", "127.0.0.1:99999", "invalid port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Serve(c.addr, secretRaw)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := Serve("127.0.0.1:0", secretRaw[:15])
	require.ErrorContains(t, err, "a secret of 15 bytes, fewer than 16")
	_, err = Dial(t.Context(), "127.0.0.1:1", nil)
	require.ErrorContains(t, err, "a secret of 0 bytes, fewer than 16")
}

func TestDialWaitsForTheServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	l.Close()
	go func() {
		time.Sleep(50 * time.Millisecond)
		s, err := Serve(addr, secretRaw)
		if assert.NoError(t, err) {
			<-t.Context().Done()
			s.Close()
		}
	}()
	c, err := Dial(t.Context(), addr, secretRaw)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Set(t.Context(), "k", nil), transport.ErrClosed)
}

func TestWrongSecret(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	defer server.Close()
	_, err = Dial(t.Context(), server.Addr(), bytes.Repeat([]byte{1}, 32))
	require.ErrorIs(t, err, transport.ErrUnauthorized)
}
