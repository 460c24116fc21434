package rendezvous

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

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
		t.Setenv("TMPDIR", t.TempDir())
		dirs := make([]transport.Store, n)
		var wg sync.WaitGroup
		for rank := range n {
			wg.Go(func() {
				d, err := OpenDir(t.Context(), "job", rank, n)
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
	time.AfterFunc(hold+100*time.Millisecond, func() { s[0].Set(t.Context(), "k", []byte("v")) }) //nolint:errcheck // Get tells
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
	server.stored = maxStored - 5
	c, err := Dial(t.Context(), server.Addr(), secretRaw)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Set(t.Context(), "k", []byte("1234")))
	require.ErrorContains(t, c.Set(t.Context(), "l", nil), "refused: the store is full")
}

func TestServeRefuses(t *testing.T) {
	for _, c := range []struct{ name, addr, want string }{
		{"no host", ":0", `address ":0" is not host:port`},
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

// listen serves every connection with f, instead of a store.
func listen(t *testing.T, f func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f(conn)
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestDialToSomethingElse(t *testing.T) {
	for name, f := range map[string]func(net.Conn){
		"talks something else": func(c net.Conn) {
			io.WriteString(c, strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 10)) //nolint:errcheck // the client may be gone
		},
		"sends the challenge back": func(c net.Conn) {
			hello := make([]byte, len(magic)+nonceLen)
			io.ReadFull(c, hello)                     //nolint:errcheck // as above
			c.Write(append(hello, hello[:macLen]...)) //nolint:errcheck // as above
			io.ReadFull(c, make([]byte, macLen))      //nolint:errcheck // as above
			c.Write(bytes.Repeat([]byte{0xff}, 1000)) //nolint:errcheck // as above
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Dial(t.Context(), listen(t, f), secretRaw)
			require.ErrorIs(t, err, transport.ErrUnauthorized)
		})
	}
	t.Run("says nothing", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := Dial(ctx, listen(t, func(net.Conn) { <-t.Context().Done() }), secretRaw)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// TestServerAgainstStrangers lets strangers do what they like, and then uses the store.
func TestServerAgainstStrangers(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", server.Addr())
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	refused := func(conn net.Conn) {
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, err := io.Copy(io.Discard, conn)
		var timeout net.Error
		require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the server keeps a stranger's connection")
	}
	for range 50 {
		dial() // says nothing
		dial().Close()
		dial().Write([]byte(magic)) //nolint:errcheck // and no more
	}
	garbage := dial()
	garbage.Write(bytes.Repeat([]byte{0xff}, 1<<16)) //nolint:errcheck // the server may close before it is all written
	refused(garbage)

	hello := append([]byte(magic), make([]byte, nonceLen)...)
	wrong := dial()
	wrong.Write(append(hello, make([]byte, macLen)...)) //nolint:errcheck // as above
	refused(wrong)

	// What a true client said once is of no use again.
	taped := dial()
	record := new(bytes.Buffer)
	w, err := clientHandshake(tape{taped, record}, secretRaw)
	require.NoError(t, err)
	require.NoError(t, w.write(request{opSet, "k", []byte("v")}.append(nil)))
	_, err = w.read()
	require.NoError(t, err)
	replay := dial()
	replay.Write(record.Bytes()) //nolint:errcheck // as above
	refused(replay)

	// A frame that was tampered with, repeated or of another connection ends the connection.
	frame := record.Bytes()[record.Len()-(4+1+2+1+1+macLen):]
	for name, bad := range map[string][]byte{
		"repeated": frame,
		"too long": {0xff, 0xff, 0xff, 0x7f},
	} {
		_, err = taped.Write(bad)
		if name == "repeated" {
			require.NoError(t, err)
		}
	}
	refused(taped)

	c, err := Dial(t.Context(), server.Addr(), secretRaw)
	require.NoError(t, err)
	got, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "v", string(got))
	require.NoError(t, c.Close())

	begin := time.Now()
	require.NoError(t, server.Close())
	require.NoError(t, server.Close())
	assert.Less(t, time.Since(begin), 2*handshakeTimeout, "Close waits for strangers")
}

// tape records what is written to a connection.
type tape struct {
	net.Conn
	record *bytes.Buffer
}

func (c tape) Write(p []byte) (int, error) {
	c.record.Write(p)
	return c.Conn.Write(p)
}

func TestServerCloseEndsAGet(t *testing.T) {
	server, err := Serve("127.0.0.1:0", secretRaw)
	require.NoError(t, err)
	c, err := Dial(t.Context(), server.Addr(), secretRaw)
	require.NoError(t, err)
	result := make(chan error)
	go func() {
		_, err := c.Get(t.Context(), "never")
		result <- err
	}()
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, server.Close())
	require.Error(t, <-result)
}

func TestDirAfterADeadJob(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	meet := func() (secret []byte) {
		var wg sync.WaitGroup
		for rank := range 3 {
			wg.Go(func() {
				if rank == 0 {
					time.Sleep(30 * time.Millisecond) // the others look first, at what the dead left
				}
				d, err := OpenDir(t.Context(), "job", rank, 3)
				if !assert.NoError(t, err) {
					return
				}
				if rank == 0 {
					secret = d.Secret()
				}
				assert.NoError(t, d.Set(t.Context(), fmt.Sprint(rank), d.Secret()))
				for r := range 3 {
					got, err := d.Get(t.Context(), fmt.Sprint(r))
					assert.NoError(t, err)
					assert.Equal(t, d.Secret(), got, "rank %d reads what another job wrote", rank)
				}
			})
		}
		wg.Wait()
		return secret
	}
	first := meet() // and nobody closes: killed
	second := meet()
	assert.NotEqual(t, first, second)
	files, err := filepath.Glob(filepath.Join(tmp, "tutti-*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range append(files, filepath.Dir(files[0])) {
		info, err := os.Stat(f)
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, "%s: mode %v", f, info.Mode())
	}
}

func TestDirOfOthers(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := OpenDir(ctx, "job", 1, 2)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "rank 0 has not come")

	d := &Dir{path: ""}
	_, err = OpenDir(t.Context(), "job", 0, 1)
	require.NoError(t, err)
	path, err := filepath.Glob(filepath.Join(tmp, "*"))
	require.NoError(t, err)
	require.Len(t, path, 1)
	d.path = path[0]
	require.NoError(t, os.Chmod(d.path, 0o755))
	for rank := range 2 {
		_, err = OpenDir(t.Context(), "job", rank, 2)
		require.ErrorContains(t, err, "its mode is -rwxr-xr-x, and others may look in: want 0700", "rank %d", rank)
	}
	require.NoError(t, os.RemoveAll(d.path))
	require.NoError(t, os.Symlink(t.TempDir(), d.path))
	_, err = OpenDir(t.Context(), "job", 0, 1)
	require.ErrorContains(t, err, "it is no directory")
}

func FuzzParseRequest(f *testing.F) {
	f.Add(request{opSet, "key", []byte("value")}.append(nil))
	f.Add(request{op: opGet, key: "key"}.append(nil))
	f.Add([]byte{opGet, 0xff, 0xff, 'k'})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRequest(b)
		if err != nil {
			return
		}
		if err := r.check(); err != nil {
			t.Fatalf("accepted: %v", err)
		}
		if again := r.append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x is read as %+v, which is written %x", b, r, again)
		}
	})
}

// FuzzStranger gives the server any bytes instead of a client, and a client any bytes instead of a server.
func FuzzStranger(f *testing.F) {
	f.Add([]byte(magic))
	f.Add(append([]byte(magic), make([]byte, nonceLen+2*macLen)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, handshake := range []func(net.Conn, []byte) (*wire, error){serverHandshake, clientHandshake} {
			ours, theirs := net.Pipe()
			go func() {
				theirs.Write(b) //nolint:errcheck // it may be refused half way
				theirs.Close()
			}()
			go io.Copy(io.Discard, theirs) //nolint:errcheck // as above
			if _, err := handshake(ours, secretRaw); err == nil {
				t.Fatalf("%x is taken for a peer", b)
			}
			ours.Close()
		}
	})
}
