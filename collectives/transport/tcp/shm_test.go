//go:build linux

package tcp

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// socketPair returns both ends of a unix socket.
func socketPair(t *testing.T) (a, b *net.UnixConn) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	defer ln.Close()
	dialled, err := net.Dial("unix", ln.Addr().String())
	require.NoError(t, err)
	accepted, err := ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { dialled.Close(); accepted.Close() })
	return dialled.(*net.UnixConn), accepted.(*net.UnixConn)
}

// What a side writes before it has a ring is read before what is in the ring, in whatever pieces either comes; and an
// end comes after both.
func TestEarlyFramesComeBeforeTheRing(t *testing.T) {
	for _, ringed := range []bool{false, true} {
		a, b := socketPair(t)
		w, r := newShmConn(a), newShmConn(b)
		var want strings.Builder
		for i := range 40 {
			if ringed && i == 20 {
				require.NoError(t, w.begin())
				require.NoError(t, w.begin(), "once is enough")
			}
			head, payload := strings.Repeat("h", i), strings.Repeat("p", 3*i)
			want.WriteString(head + payload)
			require.NoError(t, w.writeFrame([]byte(head), []byte(payload)))
		}
		require.NoError(t, w.CloseWrite())
		var got strings.Builder
		buf := make([]byte, 7)
		for {
			n, err := r.Read(buf)
			got.Write(buf[:n])
			if err != nil {
				require.EqualError(t, err, "EOF")
				break
			}
		}
		assert.Equal(t, want.String(), got.String())
		require.NoError(t, r.Close())
		require.NoError(t, w.Close())
	}
}

// A peer whose signals make no sense is done with: it fails, and nothing is believed.
func TestSignalsThatMakeNoSense(t *testing.T) {
	long := "f\xff\xff" + strings.Repeat("x", 1<<16-1)
	for name, said := range map[string]string{
		"unknown":                        "dsdx",
		"memory without a descriptor":    "m",
		"more than anybody says early":   long + long,
		"memory after a frame, the same": "f\x01\x00xm",
	} {
		a, b := socketPair(t)
		r := newShmConn(b)
		go a.Write([]byte(said)) // the other side may hang up half way
		var err error
		for buf := make([]byte, 100); err == nil && said[1:] != (long + long)[1:]; {
			_, err = r.Read(buf)
		}
		<-r.dead
		assert.ErrorIs(t, r.deadErr, errNoSignal, name)
		r.Close() // its socket is closed already
	}
}
