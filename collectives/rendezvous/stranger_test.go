package rendezvous

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

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
			io.WriteString(c, strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 10)) // the client may be gone
		},
		"sends the challenge back": func(c net.Conn) {
			hello := make([]byte, len(magic)+nonceLen)
			io.ReadFull(c, hello)
			c.Write(append(hello, hello[:macLen]...))
			io.ReadFull(c, make([]byte, macLen))
			c.Write(bytes.Repeat([]byte{0xff}, 1000))
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
		dial().Write([]byte(magic)) // and no more
	}
	garbage := dial()
	garbage.Write(bytes.Repeat([]byte{0xff}, 1<<16)) // the server may close before it is all written
	refused(garbage)

	hello := append([]byte(magic), make([]byte, nonceLen)...)
	wrong := dial()
	wrong.Write(append(hello, make([]byte, macLen)...))
	refused(wrong)

	// What a true client said once is of no use again.
	taped := dial()
	record := new(bytes.Buffer)
	w, err := clientHandshake(tape{taped, record}, secretRaw)
	require.NoError(t, err)
	require.NoError(t, w.write(request{1, opSet, "k", []byte("v")}.append(nil)))
	_, err = w.read()
	require.NoError(t, err)
	replay := dial()
	replay.Write(record.Bytes())
	refused(replay)

	// A frame that was tampered with, repeated or of another connection ends the connection.
	frame := record.Bytes()[record.Len()-(4+requestHead+1+1+macLen):]
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

func FuzzParseRequest(f *testing.F) {
	f.Add(request{7, opSet, "key", []byte("value")}.append(nil))
	f.Add(request{op: opGet, key: "key"}.append(nil))
	f.Add(request{1 << 31, opPropose, "key", []byte("value")}.append(nil))
	f.Add([]byte{0, 0, 0, 0, opGet, 0xff, 0xff, 'k'})
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
		server := func(conn net.Conn, secret []byte) (*wire, error) { return serverHandshake(conn, secret, func() {}) }
		for _, handshake := range []func(net.Conn, []byte) (*wire, error){server, clientHandshake} {
			ours, theirs := net.Pipe()
			go func() {
				theirs.Write(b) // it may be refused half way
				theirs.Close()
			}()
			go io.Copy(io.Discard, theirs)
			if _, err := handshake(ours, secretRaw); err == nil {
				t.Fatalf("%x is taken for a peer", b)
			}
			ours.Close()
		}
	})
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(answer{7, statusOK, []byte("value")}.append(nil))
	f.Add(answer{status: statusClosed}.append(nil))
	f.Add([]byte{0, 0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseAnswer(b)
		if err != nil {
			return
		}
		if again := a.append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x is read as %+v, which is written %x", b, a, again)
		}
	})
}
