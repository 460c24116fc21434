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
)

// shmConn is a connection between two processes of one host through shared memory: a ring each way. The unix socket over
// which they met stays: a byte on it wakes the other side where that sleeps, and its end tells of the other's death.
//
// It implements net.Conn. One goroutine may read while another writes.
type shmConn struct {
	sock     net.Conn
	mem      []byte
	in, out  ring
	patience          // the reader's, and
	writing  patience // the writer's

	rd, wr      alarm
	data, space chan struct{} // rung when the peer says so; capacity 1
	dead        chan struct{} // closed when the socket has ended
	deadErr     error         // why, set before

	use    sync.RWMutex // held for reading by who is inside mem
	closed atomic.Bool
	bell   sync.WaitGroup
}

const (
	// shmRing is the length of each ring in bytes: what is in flight shall stay in the cache.
	shmRing = 1 << 20
	shmLen  = 2 * (ringHead + shmRing)
)

// The bytes on the socket.
var (
	wakeReader = []byte{'d'}
	wakeWriter = []byte{'s'}
)

var errMadRing = errors.New("the counters in shared memory make no sense")

// newShmConn takes over sock and mem. One of the two sides is the creator, the other is not.
func newShmConn(sock net.Conn, mem []byte, creator bool) *shmConn {
	c := &shmConn{sock: sock, mem: mem, data: make(chan struct{}, 1), space: make(chan struct{}, 1), dead: make(chan struct{})}
	c.rd.ring, c.wr.ring = make(chan struct{}), make(chan struct{})
	c.out, c.in = newRing(mem[:shmLen/2]), newRing(mem[shmLen/2:])
	if !creator {
		c.in, c.out = c.out, c.in
	}
	c.bell.Go(c.listen)
	return c
}

// listen hears the bytes on the socket until its end.
func (c *shmConn) listen() {
	var b [64]byte
	for {
		n, err := c.sock.Read(b[:])
		for _, what := range b[:n] {
			bell := c.data
			if what == wakeWriter[0] {
				bell = c.space
			}
			select {
			case bell <- struct{}{}:
			default:
			}
		}
		if err != nil {
			c.deadErr = err
			close(c.dead)
			return
		}
	}
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
		c.in.readerAsleep.Store(1)
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

func (c *shmConn) readable() bool { return c.in.full() != 0 || c.in.shut.Load() != 0 }

// tryRead reads what is there; 0 bytes and no error if there is nothing.
func (c *shmConn) tryRead(b []byte) (int, error) {
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	if c.rd.rung() {
		return 0, os.ErrDeadlineExceeded
	}
	shut := c.in.shut.Load() != 0 // before full: what was written before that is seen
	full := c.in.full()
	switch {
	case !c.in.sane(full):
		return 0, fmt.Errorf("%w: %d bytes in a ring of %d", errMadRing, full, len(c.in.data))
	case full == 0 && shut:
		return 0, io.EOF
	case full == 0 || len(b) == 0:
		return 0, nil
	}
	n := c.in.read(b, full)
	// A writer that sleeps is woken when there is room for much, or nothing left to read.
	if c.in.writerAsleep.Load() != 0 && (full-n <= len(c.in.data)/2) && c.in.writerAsleep.Swap(0) != 0 {
		c.sock.Write(wakeWriter) // if that fails, listen finds out
	}
	return n, nil
}

// Write implements net.Conn.
func (c *shmConn) Write(b []byte) (n int, err error) {
	c.use.RLock()
	defer c.use.RUnlock()
	for n < len(b) {
		k, err := c.tryWrite(b[n:])
		if err != nil {
			return n, err
		}
		if n += k; k > 0 || c.idle(&c.writing, &c.wr, c.writable) {
			continue
		}
		c.out.writerAsleep.Store(1)
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

func (c *shmConn) writable() bool { return c.out.empty() != 0 }

func (c *shmConn) tryWrite(b []byte) (int, error) {
	if c.closed.Load() || c.out.shut.Load() != 0 {
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
	empty := c.out.empty()
	if !c.out.sane(empty) {
		return 0, fmt.Errorf("%w: room for %d bytes in a ring of %d", errMadRing, empty, len(c.out.data))
	}
	n := c.out.write(b, empty)
	if n > 0 && c.out.readerAsleep.Load() != 0 && c.out.readerAsleep.Swap(0) != 0 {
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
	c.out.shut.Store(1)
	_, err := c.sock.Write(wakeReader)
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
	return errors.Join(err, unmap(c.mem))
}

// LocalAddr and RemoteAddr are the socket's.
func (c *shmConn) LocalAddr() net.Addr  { return c.sock.LocalAddr() }
func (c *shmConn) RemoteAddr() net.Addr { return c.sock.RemoteAddr() }

// SetDeadline, SetReadDeadline and SetWriteDeadline implement net.Conn.
func (c *shmConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
func (c *shmConn) SetReadDeadline(t time.Time) error  { return c.setAlarm(&c.rd, t) }
func (c *shmConn) SetWriteDeadline(t time.Time) error { return c.setAlarm(&c.wr, t) }

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
