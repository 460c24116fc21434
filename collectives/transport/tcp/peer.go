package tcp

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// readBuffer is the length in bytes of what is read at once while looking for a header: room for a small message or
// several. Long payloads bypass it.
const readBuffer = 32 << 10

// readBufferIdle is the same before the first message: most pairs of ranks of a large job never have one.
const readBufferIdle = 4 * headerLen

// watchAll is the number of ranks up to which all pairs exchange heartbeats.
const watchAll = 16

// watched reports whether ranks a and b of size exchange heartbeats: of more than watchAll, those whose distance around
// the ring is a power of two. So a rank is watched by 2·log₂(size) others, not by all, of whom one that finds it silent
// tells the rest; a job of 256 ranks sends 8,000 heartbeats a second, where it would send 130,000.
func watched(a, b, size int) bool {
	d := (a - b + size) % size
	d = min(d, size-d)
	return size <= watchAll || d&(d-1) == 0
}

// peer is the connection to one other rank.
type peer struct {
	t    *Transport
	rank int
	conn frameConn

	watched bool // heartbeats go both ways, and silence counts
	sums    bool // payloads of messages have checksums

	// Writing.
	sending  chan struct{} // holds one value while a message is being sent
	wr       sync.Mutex    // held while a frame is being written; guards the fields to spoilt
	wseq     uint32
	wbuf     []byte
	spoilt   bool // the stream may have ended within a frame
	lastSent atomic.Int64

	// The context of the message being sent, for the monitor: cheaper than a watcher for every message.
	wctxMu sync.Mutex
	wctx   context.Context

	// Reading, by the reader alone.
	rbuf   []byte
	rr, rw int // rbuf[rr:rw] has been read and not used
	rseq   uint32
	reset  bool // a reset has been reported

	lastHeard atomic.Int64  // when the last byte came, ns since 1970; later than now before the first
	stalled   atomic.Bool   // the reader waits for room, so silence means nothing
	readEnd   chan struct{} // closed when the reader has ended
	lastWord  bool          // it has said why it ends
	mute      bool          // it hung up without a last word: it is dead or cut off. Set before that

	// Matching messages with receives.
	mu     sync.Mutex
	posted []*receive
	wanted atomic.Int32 // receives that wait for this peer: those posted, and the one being filled
	spare  []*receive   // to use again
	in     incoming     // written by the reader alone, under mu where a withdrawal may look
	queue  []message
	queued int           // bytes in queue
	gone   error         // why nothing more will come
	free   [][]byte      // buffers to use again
	room   chan struct{} // tells a stalled reader that something has changed
}

func newPeer(t *Transport, rank int, conn net.Conn, spin time.Duration, budget *shmBudget) *peer {
	_, shared := conn.(*shmConn)
	p := &peer{t: t, rank: rank, watched: watched(t.c.Rank, rank, t.c.Size), sums: !shared,
		sending: make(chan struct{}, 1), wbuf: make([]byte, headerLen), rbuf: make([]byte, readBufferIdle),
		readEnd: make(chan struct{}), room: make(chan struct{}, 1)}
	p.conn = newFrameConn(conn, newPatience(spin, &p.wanted), budget)
	// Until it says something for the first time it may still be about to meet others, which takes OpenTimeout at most.
	now := time.Now()
	p.lastHeard.Store(now.Add(max(0, t.c.OpenTimeout-t.c.PeerTimeout)).UnixNano())
	p.lastSent.Store(now.UnixNano())
	return p
}

func (p *peer) setWriteContext(ctx context.Context) {
	p.wctxMu.Lock()
	p.wctx = ctx
	p.wctxMu.Unlock()
}

func (p *peer) clearWriteContext() {
	p.wctxMu.Lock()
	p.wctx = nil
	p.wctxMu.Unlock()
}

// longPast is a deadline that makes a call in progress return.
var longPast = time.Unix(1, 0)

func (p *peer) interruptRead() { p.conn.SetReadDeadline(longPast) }

// signalRoom wakes a reader that has stopped. p.mu is held.
func (p *peer) signalRoom() {
	if !p.stalled.Load() {
		return
	}
	select {
	case p.room <- struct{}{}:
	default:
	}
}

// whyGone returns why nothing more will come from this peer, nil while it might.
func (p *peer) whyGone() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone
}

// leave marks the peer as gone and ends the receives that wait for it.
func (p *peer) leave(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = why
	for _, r := range p.posted {
		r.finish(0, why)
		p.wanted.Add(-1)
	}
	p.posted = nil
}

// recycle keeps buf for another message. p.mu is held.
func (p *peer) recycle(buf []byte) {
	if len(p.free) < 4 {
		p.free = append(p.free, buf)
	}
}

// buffer returns n bytes for a message that nobody waits for yet. p.mu is held.
func (p *peer) buffer(n int) []byte {
	for i, b := range p.free {
		if cap(b) >= n {
			last := len(p.free) - 1
			p.free[i], p.free = p.free[last], p.free[:last]
			return b[:n]
		}
	}
	p.free = p.free[:0] // all too short: make way for longer ones
	return make([]byte, n)
}

// monitor finds peers that have fallen silent, and writes whose context has ended.
func (t *Transport) monitor() {
	every := min(t.c.Heartbeat/2, 100*time.Millisecond)
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-tick.C:
		case <-t.doomed:
			return
		case <-t.closed:
			return
		}
		now := time.Now()
		slept := now.Sub(last) > t.c.PeerTimeout/2 // this process itself was frozen: what the peers said may lie unread
		last = now
		for _, p := range t.others() {
			if (slept || p.stalled.Load()) && p.lastHeard.Load() < now.UnixNano() {
				p.lastHeard.Store(now.UnixNano())
			}
			p.wctxMu.Lock()
			if p.wctx != nil && p.wctx.Err() != nil {
				p.conn.SetWriteDeadline(longPast)
			}
			p.wctxMu.Unlock()
			silence := now.Sub(time.Unix(0, p.lastHeard.Load()))
			if p.watched && silence > t.c.PeerTimeout && p.whyGone() == nil {
				t.fail(&transport.PeerLostError{Rank: p.rank, Err: silenceError(silence)})
				return
			}
		}
	}
}
