package tcp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

var (
	errWithdrawn = errors.New("receive withdrawn")
	errEnded     = errors.New("the transport has ended") // by failure or Close: stop reading
	errBye       = errors.New("it closed its transport")
)

type silenceError time.Duration

func (e silenceError) Error() string {
	return fmt.Sprintf("silent for %v", time.Duration(e).Round(time.Millisecond))
}

// read is the reader: it takes in what the peer sends, until the end of the peer or of the transport.
func (p *peer) read() {
	err := p.readFrames()
	t := p.t
	switch {
	case errors.Is(err, errBye):
		p.leave(&transport.PeerLostError{Rank: p.rank, Err: errBye})
	case errors.Is(err, errEnded), p.ended(): // a peer may hang up once it has our goodbye: that is no loss
		p.drain()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("connection ended without a goodbye")
		fallthrough
	default:
		t.fail(&transport.PeerLostError{Rank: p.rank, Err: err})
		<-t.failed
		p.drain()
	}
	close(p.readEnd)
	p.conn.Close()
}

// drain reads on for a while after the end, into nothing: closing with data unread would make the kernel send a reset,
// which may overtake our last word. It takes note of a peer that hangs up without a last word of its own.
func (p *peer) drain() {
	p.leave(errEnded)
	end := time.Now().Add(drainTimeout)
	p.conn.SetReadDeadline(end)
	const longest = headerLen + maxAbort
	last := slices.Clone(p.rbuf[max(0, p.rw-longest):p.rw]) // the end of what has been read
	for {
		n, err := p.conn.Read(p.rbuf)
		last = append(last, p.rbuf[:n]...)
		last = last[max(0, len(last)-longest):]
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(end): // interruptRead's, for what is over
			p.conn.SetReadDeadline(end)
		default:
			ours := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed)
			p.mute = !ours && !p.lastWord && !endsWithLastWord(last)
			return
		}
	}
}

// endsWithLastWord reports whether b, the end of a stream, ends with an abort or a goodbye.
func endsWithLastWord(b []byte) bool {
	for ; len(b) >= headerLen; b = b[1:] {
		seq, epoch := binary.LittleEndian.Uint32(b[24:]), binary.LittleEndian.Uint16(b[2:]) // whatever they are
		f, err := parseFrame(b[:headerLen], seq, epoch)
		if err == nil && (f.typ == frameAbort || f.typ == frameBye) && len(b) == headerLen+int(f.length) {
			return true
		}
	}
	return false
}

// Gone returns the ranks whose connections ended without a word, as those of processes that die do, however many died
// at once; in the error of the transport only the first is named. Call it after Close.
func (t *Transport) Gone() (ranks []int) {
	for _, p := range t.others() {
		select {
		case <-p.readEnd:
			if p.mute {
				ranks = append(ranks, p.rank)
			}
		default:
		}
	}
	return ranks
}

// ended reports whether the transport has failed or been closed.
func (p *peer) ended() bool {
	select {
	case <-p.t.failed:
		return true
	case <-p.t.closed:
		return true
	default:
		return false
	}
}

// readFrames returns errBye, errEnded, or what is wrong with the peer.
func (p *peer) readFrames() error {
	for {
		f, err := p.readHeader()
		if err != nil {
			return err
		}
		switch f.typ {
		case frameData:
			if err := p.readMessage(f); err != nil {
				return err
			}
		default:
			if err := p.control(f); err != nil {
				return err
			}
		}
	}
}

// control handles the frames that carry no message.
func (p *peer) control(f frame) error {
	switch f.typ {
	case frameBye:
		return errBye
	case frameAbort:
		payload, err := p.readShort(f)
		if err != nil {
			return err
		}
		a, err := parseAbort(payload, p.t.c.Size)
		if err != nil {
			return err
		}
		p.lastWord = true
		p.t.fail(transport.AbortedError(p.t.c.Rank, p.rank, a.culprit, a.text, a.mismatch))
		<-p.t.failed
		return errEnded
	}
	return nil
}

// incoming is the message being read, as far as the reader and a withdrawal must agree on it.
type incoming struct {
	r       *receive // who waits for it; nil if nobody does
	buf     []byte   // where it goes: r's memory or our own
	discard bool     // it goes nowhere: its receive has been withdrawn
}

// readMessage reads a message, of which f is the first frame, to where it is wanted.
func (p *peer) readMessage(f frame) error {
	if len(p.rbuf) < readBuffer {
		b := make([]byte, readBuffer)
		p.rr, p.rw, p.rbuf = 0, copy(b, p.rbuf[p.rr:p.rw]), b
	}
	total := int(f.rest)
	if err := p.destine(transport.Tag(f.tag), total); err != nil {
		return err
	}
	err := p.readParts(f, total)
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.in
	p.in = incoming{}
	if in.r != nil {
		p.wanted.Add(-1)
	}
	switch {
	case in.r != nil && err != nil:
		in.r.finish(0, errEnded)
	case in.r != nil:
		in.r.finish(total, nil)
	case err == nil && !in.discard:
		p.keep(message{transport.Tag(f.tag), in.buf})
	}
	return err
}

// destine finds the receive that waits for a message of total bytes, or memory for it. If Config.Buffer leaves none it
// stops reading from this peer until there is, unless somebody waits for what may come behind this message: then
// stopping could be for ever.
func (p *peer) destine(tag transport.Tag, total int) error {
	for {
		p.mu.Lock()
		if r := p.take(tag); r != nil {
			r.active = true
			p.in = incoming{r: r, buf: r.buf}
			p.mu.Unlock()
			return nil
		}
		if p.queued+total <= p.t.c.Buffer || len(p.posted) > 0 && total <= maxOverrun {
			p.queued += total
			p.in = incoming{buf: p.buffer(total)}
			p.mu.Unlock()
			return nil
		}
		p.stalled.Store(true)
		p.mu.Unlock()
		select {
		case <-p.room:
		case <-p.t.failed:
			return errEnded
		case <-p.t.closed:
			return errEnded
		}
		p.lastHeard.Store(time.Now().UnixNano())
		p.stalled.Store(false)
	}
}

// maxOverrun bounds a message that is kept beyond Config.Buffer, in bytes.
const maxOverrun = 1 << 30

// take removes and returns the oldest receive posted for tag. p.mu is held.
func (p *peer) take(tag transport.Tag) *receive {
	i := slices.IndexFunc(p.posted, func(r *receive) bool { return r.tag == tag })
	if i < 0 {
		return nil
	}
	r := p.posted[i]
	p.posted = slices.Delete(p.posted, i, i+1)
	return r
}

// keep gives a message that nobody waited for when it began to who has asked meanwhile, or puts it by. p.mu is held.
func (p *peer) keep(m message) {
	if r := p.take(m.tag); r != nil {
		p.wanted.Add(-1)
		p.deliver(r, m)
		return
	}
	p.queue = append(p.queue, m)
}

// readParts reads the payloads of all frames of the message, and control frames between them.
func (p *peer) readParts(f frame, total int) error {
	tag := f.tag
	for off := 0; ; {
		if err := p.readPayload(&f, off); err != nil {
			return err
		}
		if off += int(f.length); off == total {
			return nil
		}
		for {
			var err error
			if f, err = p.readHeader(); err != nil {
				return err
			}
			if f.typ == frameData {
				break
			}
			if err := p.control(f); err != nil {
				return err
			}
		}
		if f.tag != tag || f.rest != uint64(total-off) {
			return fmt.Errorf("%w: message %#x of %d bytes, at %d, goes on with %#x and %d to go", errCorrupt, tag, total, off, f.tag, f.rest)
		}
	}
}

// readShort returns the payload of a control frame.
func (p *peer) readShort(f frame) ([]byte, error) {
	b := make([]byte, f.length)
	for n := 0; n < len(b); {
		if p.rr == p.rw {
			got, err := p.readSome(p.rbuf)
			if err != nil {
				return nil, err
			}
			p.rr, p.rw = 0, got
		}
		k := copy(b[n:], p.rbuf[p.rr:p.rw])
		p.rr += k
		n += k
	}
	if crc := checksum(b); crc != f.crc {
		return nil, fmt.Errorf("%w: payload checksum %#08x, computed %#08x", errCorrupt, f.crc, crc)
	}
	return b, nil
}

// readHeader reads and checks the next frame's header.
func (p *peer) readHeader() (frame, error) {
	if p.rr == p.rw {
		p.rr, p.rw = 0, 0
	} else if p.rr+headerLen > len(p.rbuf) {
		p.rw = copy(p.rbuf, p.rbuf[p.rr:p.rw])
		p.rr = 0
	}
	for p.rw-p.rr < headerLen {
		n, err := p.readSome(p.rbuf[p.rw:])
		if err != nil {
			return frame{}, err
		}
		p.rw += n
	}
	f, err := parseFrame(p.rbuf[p.rr:p.rr+headerLen], p.rseq, uint16(p.t.c.Epoch))
	p.rr += headerLen
	p.rseq++
	return f, err
}

// readPayload reads the payload of f to p.in.buf[off:], as far as that goes, and checks it.
func (p *peer) readPayload(f *frame, off int) error {
	crc := uint32(0)
	for left := int(f.length); left > 0; {
		var into []byte // what fits at off
		if off < len(p.in.buf) {
			into = p.in.buf[off:min(len(p.in.buf), off+left)]
		}
		var got []byte
		switch {
		case p.rr < p.rw:
			got = p.rbuf[p.rr:min(p.rw, p.rr+left)]
			p.rr += len(got)
			copy(into, got)
		case len(into) > 0:
			n, err := p.readSome(into)
			if err != nil {
				return err
			}
			got = into[:n]
		default:
			n, err := p.readSome(p.rbuf)
			if err != nil {
				return err
			}
			p.rr, p.rw = 0, n
			continue
		}
		if p.sums {
			crc = crc32.Update(crc, castagnoli, got)
		}
		left -= len(got)
		off += len(got)
	}
	if crc != f.crc {
		return fmt.Errorf("%w: payload checksum %#08x, computed %#08x", errCorrupt, f.crc, crc)
	}
	return nil
}

// readSome reads at least one byte into b. It returns 0 bytes and no error when the receive that b belongs to has been
// withdrawn: p.in has changed.
func (p *peer) readSome(b []byte) (int, error) {
	for {
		n, err := p.conn.Read(b)
		if n > 0 {
			p.lastHeard.Store(time.Now().UnixNano())
			return n, nil
		}
		if errors.Is(err, syscall.ECONNRESET) && !p.reset {
			// A unix socket tells of a peer that is gone before it hands out the peer's last words, which may say who
			// is to blame.
			p.reset = true
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err
		}
		withdrawn := p.interrupted()
		if p.ended() {
			return 0, errEnded
		}
		if withdrawn {
			return 0, nil
		}
	}
}

// interrupted acknowledges interruptRead: it lets the receive being filled go if it has been withdrawn.
func (p *peer) interrupted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn.SetReadDeadline(time.Time{})
	if p.in.r == nil || !p.in.r.withdrawn {
		return false
	}
	p.in.r.finish(0, errWithdrawn)
	p.wanted.Add(-1)
	p.in = incoming{discard: true}
	return true
}
