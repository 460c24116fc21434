package tcp

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lateDeadline is a connection on which it takes a while to interrupt a read, as on a busy machine.
type lateDeadline struct{ net.Conn }

func (c lateDeadline) SetReadDeadline(at time.Time) error {
	time.Sleep(50 * time.Millisecond)
	return c.Conn.SetReadDeadline(at)
}

// A peer that hangs up on our goodbye, before our own reader has stopped, is no lost peer: the others, who may still be
// working, must not be told that it is.
func TestHangUpOnGoodbyeIsNoLoss(t *testing.T) {
	c := Config{Rank: 0, Size: 3}.withDefaults()
	tr := newTransport(&c)
	toPeer, peer := net.Pipe()
	toWorker, worker := net.Pipe()
	tr.start([]net.Conn{nil, lateDeadline{toPeer}, lateDeadline{toWorker}})

	go func() {
		var b [headerLen]byte
		for b[0] != byte(frameBye) {
			io.ReadFull(peer, b[:])
		}
		peer.Close()
	}()
	heard := make(chan []frameType)
	go func() {
		var types []frameType
		var b [headerLen]byte
		for seq := uint32(0); ; seq++ {
			if _, err := io.ReadFull(worker, b[:]); err != nil {
				heard <- types
				return
			}
			f, err := parseFrame(b[:], seq, 0)
			assert.NoError(t, err)
			io.CopyN(io.Discard, worker, int64(f.length))
			if f.typ != frameHeartbeat {
				types = append(types, f.typ)
			}
		}
	}()
	require.NoError(t, tr.Close())
	assert.Equal(t, []frameType{frameBye}, <-heard, "frames that rank 2 hears")
	assert.NoError(t, tr.err)
}
