package tcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// smallMax is the length in bytes up to which header and payload are copied together for one plain write.
const smallMax = 20 << 10

// send writes a message: at once, by the caller, as nobody could do it sooner.
func (p *peer) send(ctx context.Context, tag transport.Tag, msg []byte) error {
	t := p.t
	if err := t.usable(ctx); err != nil {
		return err
	}
	select { // one message at a time
	case p.sending <- struct{}{}:
	case <-t.failed:
		return t.err
	case <-t.closed:
		return transport.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("tcp: rank %d sends to rank %d: %w", t.c.Rank, p.rank, ctx.Err())
	}
	p.setWriteContext(ctx)
	err := p.writeMessage(tag, msg)
	p.clearWriteContext()
	if err == nil && ctx.Err() != nil && !p.ended() {
		p.conn.SetWriteDeadline(time.Time{}) // the monitor may have set one, too late
	}
	if err != nil {
		err = p.explain(ctx, err)
	}
	<-p.sending
	return err
}

func (p *peer) writeMessage(tag transport.Tag, msg []byte) error {
	for {
		part := msg[:min(len(msg), maxFrame)]
		f := frame{typ: frameData, tag: uint32(tag), length: uint32(len(part)), rest: uint64(len(msg))}
		if p.sums {
			f.crc = checksumCold(part)
		}
		p.wr.Lock()
		err := p.conn.begin()
		if err == nil {
			err = p.writeFrame(&f, part)
		}
		p.wr.Unlock()
		if err != nil {
			return err
		}
		if msg = msg[len(part):]; len(msg) == 0 {
			return nil
		}
	}
}

var errSpoilt = errors.New("nothing more can be written")

// writeFrame writes one frame. p.wr is held. After an error the stream may end within a frame, so nothing may follow.
func (p *peer) writeFrame(f *frame, payload []byte) error {
	if p.spoilt {
		return errSpoilt
	}
	f.seq, f.epoch = p.wseq, uint16(p.t.c.Epoch)
	p.wseq++
	if need := len(payload); need > len(p.wbuf)-headerLen && need <= smallMax {
		if need = maxAbort; len(payload) > need {
			need = smallMax
		}
		p.wbuf = make([]byte, headerLen+need)
	}
	f.put(p.wbuf[:headerLen])
	var err error
	if len(payload) <= smallMax {
		n := headerLen + copy(p.wbuf[headerLen:], payload)
		err = p.conn.writeFrame(nil, p.wbuf[:n])
	} else {
		err = p.conn.writeFrame(p.wbuf[:headerLen], payload)
	}
	p.spoilt = err != nil
	p.lastSent.Store(time.Now().UnixNano())
	return err
}

// explain turns the error of a write into what the caller should know, and fails the transport if it still stands.
func (p *peer) explain(ctx context.Context, werr error) error {
	t := p.t
	if ctx.Err() != nil {
		err := fmt.Errorf("tcp: rank %d sends to rank %d: %w", t.c.Rank, p.rank, ctx.Err())
		t.fail(err)
		return err
	}
	// The reader knows more: the peer may have said goodbye, or who is to blame, before it hung up.
	wait := time.NewTimer(drainTimeout)
	defer wait.Stop()
	select {
	case <-t.closed:
		return transport.ErrClosed
	case <-t.failed:
		return t.err
	case <-p.readEnd:
	case <-wait.C:
	}
	switch err := p.whyGone(); err {
	case nil:
	case errEnded:
		return t.endError()
	default:
		return err
	}
	t.fail(&transport.PeerLostError{Rank: p.rank, Err: werr})
	<-t.failed
	return t.err
}

// sendLast writes a frame after which there is no other, in a bounded time, and closes this direction.
func (p *peer) sendLast(typ frameType, payload []byte) {
	p.conn.SetWriteDeadline(time.Now().Add(abortTimeout)) // also for a write in progress
	p.wr.Lock()
	defer p.wr.Unlock()
	p.conn.SetWriteDeadline(time.Now().Add(abortTimeout)) // and for our own
	f := frame{typ: typ, length: uint32(len(payload)), crc: checksum(payload)}
	if err := p.writeFrame(&f, payload); err == nil {
		p.spoilt = true
		p.conn.CloseWrite()
		if typ == frameAbort { // the process may end on it, and then the kernel drops what it has not sent yet
			for end := time.Now().Add(abortTimeout); unsent(p.conn) > 0 && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
		}
	}
}

// beat shows the peer that this rank is alive, when it has not heard from it otherwise: at first, as it has met all
// others, and then from time to time.
func (p *peer) beat() {
	every := p.t.c.Heartbeat
	tick := time.NewTicker(every)
	defer tick.Stop()
	heartbeat := func() {
		p.wr.Lock()
		defer p.wr.Unlock()
		_ = p.writeFrame(&frame{typ: frameHeartbeat}, nil) // the reader or the monitor will find out what is wrong
	}
	heartbeat()
	for {
		select {
		case <-tick.C:
		case <-p.readEnd:
			return
		case <-p.t.doomed:
			return
		case <-p.t.closed:
			return
		}
		if time.Now().UnixNano()-p.lastSent.Load() < int64(every)*3/4 {
			continue
		}
		heartbeat()
	}
}
