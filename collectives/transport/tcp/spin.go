package tcp

import (
	"crypto/tls"
	"net"
	"runtime"
	"sync/atomic"
	"time"
)

// Waking a goroutine that sleeps in the network poller, and the processor under it, costs tens to hundreds of
// microseconds, more than a small message takes. So a reader that finds nothing looks again for a while, giving way to
// other goroutines, before it sleeps; for longer while somebody waits for what it may find. Where ranks share cores that
// would keep the others from sending: there nobody spins.

// defaultSpin is how long a rank with a core of its own looks before it sleeps, and spinWanted how many times as long
// while a receive waits.
const (
	defaultSpin = 50 * time.Microsecond
	spinWanted  = 20
)

// patience says how long to look. It learns: where looking long was in vain, because the cores are busy with something
// else, it looks less long the next time. One goroutine uses it.
type patience struct {
	spin   time.Duration
	wanted *atomic.Int32 // receives that wait
	long   time.Duration // how long to look for one of them
}

func newPatience(spin time.Duration, wanted *atomic.Int32) patience {
	return patience{spin, wanted, spin * spinWanted}
}

// over reports whether who has looked since start should sleep now.
func (p *patience) over(start time.Time) bool {
	d := time.Since(start)
	if d < p.spin || d < p.long && p.wanted.Load() > 0 {
		return false
	}
	if d >= p.long {
		p.long = max(p.long/4, p.spin)
	}
	return true
}

// found takes note that looking has paid.
func (p *patience) found() { p.long = min(p.long*2, p.spin*spinWanted) }

// spinTime returns how long readers on conns look.
func (c *Config) spinTime(conns []net.Conn) time.Duration {
	if c.Spin != 0 {
		return max(0, c.Spin)
	}
	here := 1 // ranks on this host
	for _, conn := range conns {
		if conn != nil && onThisHost(conn) {
			here++
		}
	}
	if here > runtime.NumCPU() {
		return 0
	}
	return defaultSpin
}

func onThisHost(conn net.Conn) bool {
	remote, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return true
	}
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	return ok && local.IP.Equal(remote.IP)
}

// frameConn is a connection as a peer uses it.
type frameConn interface {
	net.Conn
	// writeFrame writes both, in one system call if it can.
	writeFrame(head, payload []byte) error
	// CloseWrite says that nothing more will be written.
	CloseWrite() error
}

// newFrameConn returns conn as one that looks before it sleeps.
func newFrameConn(conn net.Conn, p patience) frameConn {
	if c, ok := conn.(*shmConn); ok {
		always := new(atomic.Int32)
		always.Store(1) // a writer always waits for room
		c.patience, c.writing = p, newPatience(p.spin, always)
		return c
	}
	tune(conn)
	return newSocket(conn, p)
}

// socketBuffer is what a unix socket's buffers are asked to hold, in bytes: the system's 200 KiB make writers wait.
const socketBuffer = 1 << 20

// tune sets the options of a socket. What the system refuses it goes without.
func tune(conn net.Conn) {
	switch c := conn.(type) {
	case *net.UnixConn:
		c.SetReadBuffer(socketBuffer)
		c.SetWriteBuffer(socketBuffer)
	case *tls.Conn:
		tune(c.NetConn())
	case *net.TCPConn:
		// The system notices a cut network by itself: while reading by keep-alives, while writing by tcpUserTimeout.
		c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 3})
		setUserTimeout(c)
	}
}

// plain is any connection, without looking.
type plain struct{ net.Conn }

func (c plain) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(conn net.Conn) error {
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

func (c plain) writeFrame(head, payload []byte) error {
	if len(head) == 0 {
		_, err := c.Write(payload)
		return err
	}
	b := net.Buffers{head, payload}
	_, err := b.WriteTo(c.Conn)
	return err
}

func (c *shmConn) writeFrame(head, payload []byte) error {
	if _, err := c.Write(head); err != nil {
		return err
	}
	_, err := c.Write(payload)
	return err
}
