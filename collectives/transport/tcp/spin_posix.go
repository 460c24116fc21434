//go:build linux || darwin

package tcp

import (
	"net"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket reads and writes a socket without sleeping, for a while. A writer must look too: the runtime hardly polls the
// network while a reader keeps it busy looking, and would wake the writer late.
type socket struct {
	net.Conn
	raw syscall.RawConn
	patience

	// Of the attempts in progress; the closures are made once, or every attempt would allocate one.
	in      []byte
	n       int
	err     error
	look    func(fd uintptr) bool
	out     [2][]byte // head and payload left to write
	outErr  error
	sleep   bool // wait for room in the kernel
	attempt func(fd uintptr) bool
}

func newSocket(conn net.Conn, p patience) frameConn {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return plain{Conn: conn}
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return plain{Conn: conn}
	}
	s := &socket{Conn: conn, raw: raw, patience: p}
	s.look = func(fd uintptr) bool {
		s.n, s.err = syscall.Read(int(fd), s.in) // the socket does not block
		return true                              // nor shall RawConn wait
	}
	s.attempt = func(fd uintptr) bool {
		var n int
		if len(s.out[0]) > 0 {
			n, s.outErr = unix.Writev(int(fd), s.out[:])
		} else {
			n, s.outErr = syscall.Write(int(fd), s.out[1])
		}
		for i := range s.out {
			k := min(max(n, 0), len(s.out[i]))
			s.out[i] = s.out[i][k:]
			n -= k
		}
		return s.outErr != syscall.EAGAIN || !s.sleep
	}
	return s
}

// begin and CloseWrite implement frameConn.
func (s *socket) begin() error      { return nil }
func (s *socket) CloseWrite() error { return closeWrite(s.Conn) }

// Read implements io.Reader.
func (s *socket) Read(b []byte) (int, error) {
	if s.spin == 0 {
		return s.Conn.Read(b)
	}
	s.in = b
	defer func() { s.in = nil }()
	for start := time.Now(); ; {
		if s.raw.Read(s.look) != nil { // closed, or a deadline: Conn knows what to say
			break
		}
		if s.err == nil && s.n > 0 {
			s.found()
			return s.n, nil
		}
		if s.err != syscall.EAGAIN && s.err != syscall.EINTR || s.over(start) {
			break // at the end of the stream too
		}
		runtime.Gosched()
	}
	return s.Conn.Read(b)
}

// writeSpin is how long a writer looks for room in the kernel.
const writeSpin = time.Millisecond

// writeFrame implements frameConn.
func (s *socket) writeFrame(head, payload []byte) error {
	s.out = [2][]byte{head, payload}
	s.sleep = s.spin == 0
	defer func() { s.out = [2][]byte{} }()
	for start := time.Now(); ; {
		left := len(s.out[0]) + len(s.out[1])
		if err := s.raw.Write(s.attempt); err != nil {
			return err
		}
		switch {
		case s.outErr != nil && s.outErr != syscall.EAGAIN && s.outErr != syscall.EINTR:
			return &net.OpError{Op: "write", Net: s.RemoteAddr().Network(), Addr: s.RemoteAddr(), Err: s.outErr}
		case len(s.out[0])+len(s.out[1]) == 0:
			return nil
		case len(s.out[0])+len(s.out[1]) < left:
			start = time.Now()
		case time.Since(start) > writeSpin:
			s.sleep = true
		}
		runtime.Gosched()
	}
}
