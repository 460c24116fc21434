package tcp

// A connection as a peer uses it, whatever carries its bytes.

import (
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"
)

// frameConn is a connection as a peer uses it.
type frameConn interface {
	net.Conn
	// begin prepares for messages. It is called before each frame of one, and not for heartbeats and last words, for
	// which a connection over which nothing else goes need not have what messages take.
	begin() error
	// writeFrame writes both, in one system call if it can.
	writeFrame(head, payload []byte) error
	// CloseWrite says that nothing more will be written.
	CloseWrite() error
}

// newFrameConn returns conn as one that looks before it sleeps.
func newFrameConn(conn net.Conn, p patience, b *shmBudget) frameConn {
	if c, ok := conn.(*shmConn); ok {
		c.budget = b
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

func (c plain) begin() error      { return nil }
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
	if c.out.Load() == nil {
		return c.writeEarly(head, payload)
	}
	if _, err := c.Write(head); err != nil {
		return err
	}
	_, err := c.Write(payload)
	return err
}
