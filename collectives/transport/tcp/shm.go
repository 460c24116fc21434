package tcp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-ml/tutti/collectives/internal/fdlimit"
)

// shmConn is a connection between two processes of one host through shared memory, a ring each way, and the unix socket
// over which they met. A side makes its ring when it first has a message to send, so that ranks that never talk to each
// other, most pairs of a large job, share none. The socket carries signals:
//
//	'f' u16 length · bytes   what is written before there is a ring: heartbeats and last words
//	'm' with a descriptor    the memory of this side's ring, in which everything goes on
//	'd'                      there is something to read in this side's ring, and the reader sleeps
//	's'                      there is room in the other side's ring, and its writer sleeps
//	'e'                      nothing more will be written; in a ring its own mark says so
//
// The end of the socket tells of the other process's death. shmConn implements net.Conn. One goroutine may read while
// another writes.
type shmConn struct {
	sock     *net.UnixConn
	budget   *shmBudget
	patience          // the reader's, and
	writing  patience // the writer's

	rd, wr      alarm
	data, space chan struct{} // rung when the peer says so; capacity 1
	dead        chan struct{} // closed when the socket has ended
	deadErr     error         // why, set before

	in, out atomic.Pointer[ring]
	memory  [2][]byte // of in and out

	early struct { // what has come before there was a ring
		mu    sync.Mutex
		bytes []byte
		ended bool
	}
	news atomic.Bool // there is something early

	use    sync.RWMutex // held for reading by who is inside the memory
	closed atomic.Bool
	bell   sync.WaitGroup
}

const (
	signalFrame  = 'f'
	signalMemory = 'm'
	signalData   = 'd'
	signalSpace  = 's'
	signalEnd    = 'e'
)

// The bytes on the socket that wake.
var (
	wakeReader = []byte{signalData}
	wakeWriter = []byte{signalSpace}
)

// maxEarly bounds what is kept of a peer that sends much before it has a ring: that is none of ours.
const maxEarly = 64 << 10

var (
	errMadRing  = errors.New("the counters in shared memory make no sense")
	errNoSignal = errors.New("the peer's signals make no sense")
)

// newShmConn takes over sock.
func newShmConn(sock *net.UnixConn) *shmConn {
	c := &shmConn{sock: sock, budget: newShmBudget(2), data: make(chan struct{}, 1), space: make(chan struct{}, 1),
		dead: make(chan struct{})}
	c.rd.ring, c.wr.ring = make(chan struct{}), make(chan struct{})
	c.bell.Go(func() {
		c.deadErr = c.listen()
		close(c.dead)
	})
	return c
}

// listen hears the signals on the socket until its end.
func (c *shmConn) listen() error {
	h := hearer{sock: c.sock}
	defer h.close()
	for {
		heard, err := h.hear(c.in.Load() == nil)
		for len(heard) > 0 {
			n, bad := c.signal(&h, heard)
			if bad != nil {
				c.sock.Close() // whatever else comes would be heard in vain
				return bad
			}
			if n == 0 {
				break // a piece is missing
			}
			heard = heard[n:]
		}
		h.keep(heard)
		if err != nil {
			return err
		}
	}
}

// signal does what a signal, or the next piece of one, asks, and returns how long it is; 0 if that is not known yet.
func (c *shmConn) signal(h *hearer, b []byte) (n int, err error) {
	if h.frame > 0 { // bytes of a frame
		n = min(h.frame, len(b))
		h.frame -= n
		return n, c.keepEarly(b[:n], false)
	}
	switch b[0] {
	case signalFrame:
		if len(b) < 3 {
			return 0, nil
		}
		h.frame = int(b[1]) | int(b[2])<<8
		return 3, nil
	case signalMemory:
		mem, err := h.memory()
		if err != nil {
			return 0, err
		}
		c.memory[0] = mem
		r := newRing(mem)
		c.in.Store(&r)
		wakeUp(c.data) // a reader that sleeps does not say so in the ring
	case signalData:
		wakeUp(c.data)
	case signalSpace:
		wakeUp(c.space)
	case signalEnd:
		return 1, c.keepEarly(nil, true)
	default:
		return 0, fmt.Errorf("%w: %#x", errNoSignal, b[0])
	}
	return 1, nil
}

// wakeUp rings a bell.
func wakeUp(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// keepEarly keeps what comes before there is a ring.
func (c *shmConn) keepEarly(b []byte, end bool) error {
	c.early.mu.Lock()
	defer c.early.mu.Unlock()
	if len(c.early.bytes)+len(b) > maxEarly || c.in.Load() != nil {
		return errNoSignal
	}
	c.early.bytes = append(c.early.bytes, b...)
	c.early.ended = c.early.ended || end
	c.news.Store(true)
	wakeUp(c.data)
	return nil
}

// readEarly reads that.
func (c *shmConn) readEarly(b []byte) (int, error) {
	c.early.mu.Lock()
	defer c.early.mu.Unlock()
	n := copy(b, c.early.bytes)
	if c.early.bytes = c.early.bytes[n:]; len(c.early.bytes) == 0 {
		c.early.bytes = nil
		c.news.Store(c.early.ended)
	}
	if n == 0 && c.early.ended {
		return 0, io.EOF
	}
	return n, nil
}

// Read implements net.Conn. What was written before the other side died can still be read.
func (c *shmConn) Read(b []byte) (int, error) {
	c.use.RLock()
	defer c.use.RUnlock()
	for died := false; ; {
		switch n, err := c.tryRead(b); {
		case n > 0 || err != nil:
			return n, err
		case died:
			return 0, c.deadErr
		}
		if c.idle(&c.patience, &c.rd, c.readable) {
			continue
		}
		if in := c.in.Load(); in != nil {
			in.readerAsleep.Store(1)
		}
		if c.readable() {
			continue
		}
		select {
		case <-c.data:
		case <-c.rd.wait():
		case <-c.dead:
			died = true
		}
	}
}

func (c *shmConn) readable() bool {
	in := c.in.Load()
	return c.news.Load() || in != nil && (in.full() != 0 || in.shut.Load() != 0)
}

// tryRead reads what is there; 0 bytes and no error if there is nothing.
func (c *shmConn) tryRead(b []byte) (int, error) {
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	if c.rd.rung() {
		return 0, os.ErrDeadlineExceeded
	}
	in := c.in.Load() // before news: what came before the ring is read first
	if c.news.Load() {
		return c.readEarly(b)
	}
	if in == nil {
		return 0, nil
	}
	shut := in.shut.Load() != 0 // before full: what was written before that is seen
	full := in.full()
	switch {
	case !in.sane(full):
		return 0, fmt.Errorf("%w: %d bytes in a ring of %d", errMadRing, full, len(in.data))
	case full == 0 && shut:
		return 0, io.EOF
	case full == 0 || len(b) == 0:
		return 0, nil
	}
	n := in.read(b, full)
	// A writer that sleeps is woken when there is room for much, or nothing left to read.
	if in.writerAsleep.Load() != 0 && (full-n <= len(in.data)/2) && in.writerAsleep.Swap(0) != 0 {
		c.sock.Write(wakeWriter) // if that fails, listen finds out
	}
	return n, nil
}

// begin implements frameConn: it makes this side's ring, if there is none yet.
func (c *shmConn) begin() error {
	if c.out.Load() != nil {
		return nil
	}
	c.use.RLock()
	defer c.use.RUnlock()
	if c.closed.Load() {
		return net.ErrClosed
	}
	mem, err := sendMemory(c, ringHead+c.budget.take())
	if err != nil {
		return fdlimit.Explain(err)
	}
	c.memory[1] = mem
	r := newRing(mem)
	c.out.Store(&r)
	c.sock.SetWriteDeadline(time.Time{}) // from now on wr alone counts
	return nil
}

// writeEarly writes a frame while there is no ring.
func (c *shmConn) writeEarly(head, payload []byte) error {
	n := len(head) + len(payload)
	b := make([]byte, 0, 3+n)
	b = append(b, signalFrame, byte(n), byte(n>>8))
	b = append(append(b, head...), payload...)
	_, err := c.sock.Write(b)
	return err
}

// Write implements net.Conn.
func (c *shmConn) Write(b []byte) (n int, err error) {
	c.use.RLock()
	defer c.use.RUnlock()
	out := c.out.Load()
	for n < len(b) {
		k, err := c.tryWrite(out, b[n:])
		if err != nil {
			return n, err
		}
		if n += k; k > 0 || c.idle(&c.writing, &c.wr, c.writable) {
			continue
		}
		out.writerAsleep.Store(1)
		if c.writable() {
			continue
		}
		select {
		case <-c.space:
		case <-c.wr.wait():
		case <-c.dead:
		}
	}
	return n, nil
}

func (c *shmConn) writable() bool { return c.out.Load().empty() != 0 }

func (c *shmConn) tryWrite(out *ring, b []byte) (int, error) {
	if c.closed.Load() || out.shut.Load() != 0 {
		return 0, net.ErrClosed
	}
	if c.wr.rung() {
		return 0, os.ErrDeadlineExceeded
	}
	select {
	case <-c.dead:
		return 0, fmt.Errorf("shared memory: the other side has gone: %w", c.deadErr)
	default:
	}
	empty := out.empty()
	if !out.sane(empty) {
		return 0, fmt.Errorf("%w: room for %d bytes in a ring of %d", errMadRing, empty, len(out.data))
	}
	n := out.write(b, empty)
	if n > 0 && out.readerAsleep.Load() != 0 && out.readerAsleep.Swap(0) != 0 {
		c.sock.Write(wakeReader)
	}
	return n, nil
}

// idle looks for a while whether cond has come true, giving way to other goroutines. It returns false if not.
func (c *shmConn) idle(p *patience, a *alarm, cond func() bool) bool {
	if p.spin == 0 {
		return false
	}
	for start := time.Now(); ; {
		for range 8 {
			if cond() || a.rung() {
				p.found()
				return true
			}
			runtime.Gosched()
		}
		if p.over(start) {
			return false
		}
	}
}

// CloseWrite says that nothing more will be written.
func (c *shmConn) CloseWrite() error {
	c.use.RLock()
	defer c.use.RUnlock()
	if c.closed.Load() {
		return net.ErrClosed
	}
	word := wakeReader
	if out := c.out.Load(); out != nil {
		out.shut.Store(1)
	} else {
		word = []byte{signalEnd}
	}
	_, err := c.sock.Write(word)
	return err
}

// Close implements net.Conn. Calls in progress end.
func (c *shmConn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	err := c.sock.Close()
	c.bell.Wait()
	c.SetDeadline(time.Time{}) // stops the timers
	c.use.Lock()               // everybody has left
	defer c.use.Unlock()
	for _, mem := range c.memory {
		if mem != nil {
			err = errors.Join(err, unmap(mem))
		}
	}
	return err
}

// LocalAddr and RemoteAddr are the socket's.
func (c *shmConn) LocalAddr() net.Addr  { return c.sock.LocalAddr() }
func (c *shmConn) RemoteAddr() net.Addr { return c.sock.RemoteAddr() }

// SetDeadline, SetReadDeadline and SetWriteDeadline implement net.Conn.
func (c *shmConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
func (c *shmConn) SetReadDeadline(t time.Time) error { return c.setAlarm(&c.rd, t) }
func (c *shmConn) SetWriteDeadline(t time.Time) error {
	if c.out.Load() == nil {
		c.sock.SetWriteDeadline(t)
	}
	return c.setAlarm(&c.wr, t)
}

func (c *shmConn) setAlarm(a *alarm, t time.Time) error {
	a.set(t)
	if c.closed.Load() {
		a.set(time.Time{}) // a timer that runs on would keep the connection's memory
		return net.ErrClosed
	}
	return nil
}

// alarm is a deadline that may be moved at any time.
type alarm struct {
	mu    sync.Mutex
	timer *time.Timer
	ring  chan struct{} // closed at the deadline, replaced when it is moved after that
	over  atomic.Bool
}

// set moves the deadline; the zero time means none.
func (a *alarm) set(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	wait := time.Until(t)
	if !t.IsZero() && wait <= 0 {
		if !a.over.Swap(true) {
			close(a.ring)
		}
		return
	}
	if a.over.Swap(false) {
		a.ring = make(chan struct{})
	}
	if !t.IsZero() {
		var own *time.Timer
		own = time.AfterFunc(wait, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.timer == own && !a.over.Swap(true) { // not moved meanwhile
				close(a.ring)
			}
		})
		a.timer = own
	}
}

func (a *alarm) rung() bool { return a.over.Load() }

func (a *alarm) wait() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ring
}
