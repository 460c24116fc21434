package tcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

func TestFrameRoundTrip(t *testing.T) {
	for _, f := range []frame{
		{typ: frameData, tag: 1 << 31, length: 5, crc: 7, rest: 1 << 40, seq: 3, epoch: 0xabcd},
		{typ: frameData},
		{typ: frameHeartbeat, seq: 1<<32 - 1},
		{typ: frameAbort, length: maxAbort},
		{typ: frameBye},
	} {
		var b [headerLen]byte
		f.put(b[:])
		got, err := parseFrame(b[:], f.seq, f.epoch)
		require.NoError(t, err)
		assert.Equal(t, f, got)
		_, err = parseFrame(b[:], f.seq+1, f.epoch)
		assert.ErrorIs(t, err, errCorrupt, "a frame lost or repeated")
		_, err = parseFrame(b[:], f.seq, f.epoch+1)
		assert.ErrorIs(t, err, errCorrupt, "a frame of another epoch")
		for bit := range headerLen * 8 {
			b[bit/8] ^= 1 << (bit % 8)
			_, err := parseFrame(b[:], f.seq, f.epoch)
			assert.ErrorIs(t, err, errCorrupt, "bit %d flipped", bit)
			b[bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestFramesThatMakeNoSense(t *testing.T) {
	for name, f := range map[string]frame{
		"type 0":            {},
		"type 9":            {typ: 9},
		"longer than rest":  {typ: frameData, length: 5, rest: 4},
		"longer than a max": {typ: frameData, length: maxFrame + 1, rest: maxFrame + 1},
		"absurd message":    {typ: frameData, length: 1, rest: maxMessage + 1},
		"no progress":       {typ: frameData, rest: 4},
		"heavy heartbeat":   {typ: frameHeartbeat, length: 1},
		"heavy goodbye":     {typ: frameBye, length: 1},
		"long abort":        {typ: frameAbort, length: maxAbort + 1},
	} {
		var b [headerLen]byte
		f.put(b[:])
		_, err := parseFrame(b[:], 0, 0)
		assert.ErrorIs(t, err, errCorrupt, name)
	}
}

func TestAbortRoundTrip(t *testing.T) {
	long := string(make([]byte, 2*maxAbort))
	for _, a := range []abort{{culprit: 3, text: "silent"}, {mismatch: true}, {text: long}} {
		got, err := parseAbort(a.marshal(), 4)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(a.marshal()), maxAbort)
		a.text = a.text[:min(len(a.text), maxAbort-abortHead)]
		assert.Equal(t, a, got)
	}
	_, err := parseAbort(abort{culprit: 4}.marshal(), 4)
	assert.ErrorIs(t, err, errCorrupt)
}

func FuzzParseFrame(f *testing.F) {
	var b [headerLen]byte
	(&frame{typ: frameData, length: 1, rest: 1}).put(b[:])
	f.Add(b[:], uint32(0), uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, seq uint32, epoch uint16) {
		if len(b) < headerLen {
			return
		}
		if got, err := parseFrame(b, seq, epoch); err == nil {
			var back [headerLen]byte
			got.put(back[:])
			assert.Equal(t, b[:headerLen], back[:], "what parses is what put writes")
		}
	})
}

func FuzzParseHello(f *testing.F) {
	h, _ := newHello(&Config{Rank: 1, Size: 2, Job: "j"}, process{1})
	f.Add(h.marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := parseHello(b); err == nil {
			assert.Equal(t, b, got.marshal())
		}
	})
}

func FuzzParseAbort(f *testing.F) {
	f.Add(abort{1, true, "x"}.marshal(), 2)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		if size < 1 || size > 1<<20 {
			return
		}
		if a, err := parseAbort(b, size); err == nil {
			assert.Less(t, a.culprit, size)
		}
	})
}

// FuzzAccept plays a stranger who says anything to a rank that waits for its peers.
func FuzzAccept(f *testing.F) {
	c := &Config{Rank: 0, Size: 2, Secret: []byte("s")}
	h, _ := newHello(&Config{Rank: 1, Size: 2}, process{})
	f.Add(append(h.marshal(), make([]byte, proofLen)...))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		go io.Copy(io.Discard, theirs)
		go func() {
			theirs.Write(b)
			theirs.Close()
		}()
		_, _, err := acceptHandshake(t.Context(), c, process{}, ours, func() {})
		assert.Error(t, err)
	})
}

// FuzzReader plays a peer that has proved itself and then sends anything: frames with right checksums, cut from b, whose
// types, lengths and order are wrong. Whatever comes, the reader ends, keeps no more than Buffer bytes, and fails the
// transport unless the peer said goodbye.
func FuzzReader(f *testing.F) {
	f.Add([]byte{1, 0, 3, 3, 'a', 'b', 'c', 4, 0, 0, 0})
	f.Add([]byte{1, 0, 2, 4, 'a', 'b', 2, 0, 0, 0, 1, 0, 2, 2, 'c', 'd'})
	f.Add([]byte{3, 0, 5, 0, 1, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 3, 'v', 3}) // a long message of which one byte comes
	f.Fuzz(func(t *testing.T, b []byte) {
		var stream bytes.Buffer
		for seq := uint32(0); len(b) >= 4; seq++ {
			n := min(int(b[2]), len(b)-4)
			fr := frame{typ: frameType(b[0]), tag: uint32(b[1]), length: uint32(n), rest: uint64(b[3]), seq: seq}
			payload := b[4 : 4+n]
			fr.crc = checksum(payload)
			var head [headerLen]byte
			fr.put(head[:])
			stream.Write(head[:])
			stream.Write(payload)
			b = b[4+n:]
		}
		stream.Write(b)
		c := Config{Rank: 0, Size: 2, Buffer: 300}.withDefaults()
		tr := newTransport(&c)
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, theirs)
		go func() {
			theirs.Write(stream.Bytes())
			theirs.Close()
		}()
		tr.peers[1] = newPeer(tr, 1, ours, 0, nil)
		p := tr.peers[1]
		tr.wg.Go(p.read)
		limit := c.Buffer
		if len(b)%2 == 0 { // somebody waits for tag 1
			r := p.post(1, make([]byte, 3))
			defer r.cancel()
			limit = max(limit, stream.Len()+255) // what has come, and all of a message that has only begun
		}
		select {
		case <-p.readEnd:
		case <-p.room:
		case <-time.After(50 * time.Millisecond):
			p.mu.Lock()
			assert.True(t, p.stalled.Load(), "the reader waits for nothing")
			p.mu.Unlock()
		}
		p.mu.Lock()
		assert.LessOrEqual(t, p.queued, limit)
		p.mu.Unlock()
		require.NoError(t, tr.Close())
		<-p.readEnd
	})
}

// Both sides of one connection, without the rest.
func pair(t *testing.T, c Config) [2]*Transport {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	a, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	b, err := ln.Accept()
	require.NoError(t, err)
	var ts [2]*Transport
	for r, conns := range [][]net.Conn{{nil, a}, {b, nil}} {
		c.Rank, c.Size = r, 2
		full := c.withDefaults()
		ts[r] = newTransport(&full)
		ts[r].start(conns)
	}
	t.Cleanup(func() {
		done := make(chan struct{})
		go func() {
			ts[0].Close()
			close(done)
		}()
		ts[1].Close()
		<-done
	})
	return ts
}

// A reader that has no room left stops without harm, and its silence is not held against the peer.
func TestBackPressure(t *testing.T) {
	ts := pair(t, Config{Buffer: 1000, Heartbeat: 10 * time.Millisecond, PeerTimeout: 60 * time.Millisecond})
	const n, size = 50, 300
	sent := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < n && err == nil; i++ {
			err = ts[0].Send(t.Context(), 1, transport.Tag(i%2), bytes.Repeat([]byte{byte(i)}, size))
		}
		sent <- err
	}()
	p := ts[1].peers[0]
	for !p.stalled.Load() {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(150 * time.Millisecond) // longer than PeerTimeout
	p.mu.Lock()
	assert.LessOrEqual(t, p.queued, 1000)
	p.mu.Unlock()
	for i := range n {
		got := make([]byte, size)
		require.NoError(t, ts[1].Recv(t.Context(), 0, transport.Tag(i%2), got))
		require.Equal(t, bytes.Repeat([]byte{byte(i)}, size), got)
	}
	require.NoError(t, <-sent)
}

// A receive that is withdrawn while its message is on the way lets go of the buffer at once; the connection lives on.
func TestWithdrawInMidMessage(t *testing.T) {
	ts := pair(t, Config{Heartbeat: time.Hour, PeerTimeout: 3 * time.Hour})
	p := ts[0].peers[1]
	sent := func() uint32 {
		p.wr.Lock()
		defer p.wr.Unlock()
		return p.wseq
	}
	for sent() == 0 { // the first heartbeat
		time.Sleep(time.Millisecond)
	}
	msg := bytes.Repeat([]byte{1}, 1000)
	f := frame{typ: frameData, tag: 9, length: 1000, rest: 1000, crc: checksum(msg), seq: 1}
	var head [headerLen]byte
	f.put(head[:])

	ctx, cancel := context.WithCancel(t.Context())
	got := make([]byte, 1000)
	r := ts[1].PostRecv(0, 9, got) // before the message, so that it goes there and not into memory of the reader's own
	p.conn.Write(append(head[:], msg[:400]...))
	q := ts[1].peers[0]
	begun := func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.in.r != nil
	}
	for !begun() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	require.ErrorIs(t, r.Wait(ctx), context.Canceled)
	clear(got)
	p.conn.Write(msg[400:])
	p.wr.Lock()
	p.wseq = 2
	p.wr.Unlock()
	require.NoError(t, ts[0].Send(t.Context(), 1, 10, []byte("next")))
	next := make([]byte, 4)
	require.NoError(t, ts[1].Recv(t.Context(), 0, 10, next))
	assert.Equal(t, "next", string(next))
	assert.Equal(t, make([]byte, 1000), got, "nobody writes to a buffer after its receive was withdrawn")
}

// A Send that is cancelled while the network takes no more ends soon, and the transport with it, on both sides.
func TestCancelledSendFailsTheTransport(t *testing.T) {
	ts := pair(t, Config{Buffer: 1})
	msg := make([]byte, 64<<20) // nobody receives it
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel) // once Send is under way
	err := ts[0].Send(ctx, 1, 1, msg)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, ts[0].Send(t.Context(), 1, 1, nil), context.Canceled)
	var lost *transport.PeerLostError
	err = ts[1].Recv(t.Context(), 0, 2, nil)
	require.True(t, errors.As(err, &lost), "%v", err)
	assert.Equal(t, 0, lost.Rank)
}
