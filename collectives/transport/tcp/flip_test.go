package tcp

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// tape is a connection that plays back what was recorded.
type tape struct {
	net.Conn
	r bytes.Reader
}

func (c *tape) Read(b []byte) (int, error)      { return c.r.Read(b) }
func (c *tape) Write(b []byte) (int, error)     { return len(b), nil }
func (c *tape) SetReadDeadline(time.Time) error { return nil }
func (c *tape) Close() error                    { return nil }

// Of a stream of messages any one bit is flipped: the message it hits, and what follows, never arrives, and what comes
// before arrives as it was sent. The long form flips a million bits, or the part of
// them that TUTTI_SOAK says.
func TestSoakFlippedBits(t *testing.T) {
	n := 10_000
	if soak := os.Getenv("TUTTI_SOAK"); soak != "" {
		part, err := strconv.Atoi(soak)
		require.NoError(t, err, "TUTTI_SOAK")
		n = 1_000_000 / part
	}
	rng := rand.New(rand.NewPCG(3, 4))
	c := Config{Rank: 0, Size: 2}.withDefaults()
	undetected := 0
	var stream []byte
	payload, got := make([]byte, 700), make([]byte, 700)
	for i := range n {
		stream = stream[:0]
		length := rng.IntN(len(payload) + 1)
		for j := range length {
			payload[j] = byte(rng.Uint32())
		}
		f := frame{typ: frameData, tag: 9, length: uint32(length), rest: uint64(length), crc: checksum(payload[:length])}
		var head [headerLen]byte
		f.put(head[:])
		stream = append(append(stream, head[:]...), payload[:length]...)
		bit := rng.IntN(8 * len(stream))
		stream[bit/8] ^= 1 << (bit % 8)

		tr := newTransport(&c)
		conn := &tape{}
		conn.r.Reset(stream)
		p := newPeer(tr, 1, conn, 0, nil)
		tr.peers[1] = p
		r := p.post(9, got[:length])
		err := p.readFrames()
		if !errors.Is(err, errCorrupt) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("flip %d: bit %d of %d bytes: %v", i, bit, len(stream), err)
		}
		select {
		case <-r.done:
			if r.err == nil {
				undetected++
			}
		default: // the message was never begun
		}
	}
	require.Zero(t, undetected, "flipped bits that nobody noticed, of %d", n)
	t.Logf("%d bits flipped, %d undetected", n, undetected)
}

// Who has recorded a handshake cannot play it again, neither as the one who dials nor as the one who accepts.
func TestReplayedHandshakeIsRefused(t *testing.T) {
	zero, one := &Config{Rank: 0, Size: 2, Secret: []byte("s")}, &Config{Rank: 1, Size: 2, Secret: []byte("s")}
	record := func(c net.Conn, to *bytes.Buffer) net.Conn { return recorder{c, to} }
	a, d := net.Pipe()
	var fromDialer, fromAcceptor bytes.Buffer
	accepted := make(chan error, 1)
	go func() {
		_, _, err := acceptHandshake(t.Context(), zero, process{}, record(a, &fromAcceptor), func() {})
		accepted <- err
	}()
	require.NoError(t, dialHandshake(t.Context(), one, process{}, record(d, &fromDialer), 0, time.Minute))
	require.NoError(t, <-accepted)

	play := func(recorded []byte) net.Conn {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { ours.Close(); theirs.Close() })
		go io.Copy(io.Discard, theirs)
		go theirs.Write(recorded)
		return ours
	}
	_, _, err := acceptHandshake(t.Context(), zero, process{}, play(fromDialer.Bytes()), func() {})
	require.ErrorIs(t, err, transport.ErrUnauthorized)
	err = dialHandshake(t.Context(), one, process{}, play(fromAcceptor.Bytes()), 0, time.Minute)
	require.ErrorIs(t, err, transport.ErrUnauthorized)
}

// recorder notes what is written.
type recorder struct {
	net.Conn
	to *bytes.Buffer
}

func (c recorder) Write(b []byte) (int, error) {
	c.to.Write(b)
	return c.Conn.Write(b)
}
