package tcp

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// tcpUserTimeout is how long what has been written may go unacknowledged before the connection counts as cut; without it
// the kernel tries for a quarter of an hour.
const tcpUserTimeout = 3 * time.Second

func setUserTimeout(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(tcpUserTimeout.Milliseconds()))
	})
}

// unsent returns how many bytes of what was written to a TCP connection the other side has not acknowledged.
func unsent(conn frameConn) (n int) {
	s, ok := conn.(*socket)
	if !ok {
		return 0
	}
	if _, ok := s.Conn.(*net.TCPConn); !ok {
		return 0 // a unix socket's bytes are with the other side at once
	}
	s.raw.Control(func(fd uintptr) {
		n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return n
}
