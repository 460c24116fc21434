package tcp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Shared memory without a name: who writes makes it and passes its descriptor over the unix socket, so nobody else can
// open it and nothing is left behind however the processes end. It is sealed against shrinking, which would kill a
// process that uses it. Pages that were never written take no memory.

const shmAvailable = true

const shmSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// makeMemory makes and maps n bytes. The caller closes fd.
func makeMemory(n int) (fd int, mem []byte, err error) {
	fd, err = unix.MemfdCreate("tutti", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, nil, fmt.Errorf("memfd_create: %w", err)
	}
	if err = unix.Ftruncate(fd, int64(n)); err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, shmSeals)
	}
	if err == nil {
		mem, err = unix.Mmap(fd, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		unix.Close(fd)
		return -1, nil, fmt.Errorf("shared memory of %d bytes: %w", n, err)
	}
	return fd, mem, nil
}

// shmWorks returns why this process cannot share memory, nil if it can.
var shmWorks = sync.OnceValue(func() error {
	fd, mem, err := makeMemory(ringHead + shmRingMin)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Munmap(mem)
})

// sendMemory makes n bytes of memory and gives them to the peer.
func sendMemory(c *shmConn, n int) ([]byte, error) {
	fd, mem, err := makeMemory(n)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for wait := 100 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		_, _, err = c.sock.WriteMsgUnix([]byte{signalMemory}, unix.UnixRights(fd), nil)
		if !errors.Is(err, unix.ETOOMANYREFS) { // as many of this user's are on their way as it may have open files
			break
		}
		if c.wr.rung() {
			err = os.ErrDeadlineExceeded
			break
		}
		select {
		case <-time.After(wait):
			continue
		case <-c.dead:
		}
		err = c.deadErr
		break
	}
	if err != nil {
		unix.Munmap(mem)
		return nil, fmt.Errorf("give away shared memory: %w", err)
	}
	return mem, nil
}

// hearer reads the signals on a socket.
type hearer struct {
	sock  *net.UnixConn
	buf   [256]byte
	kept  int // bytes of buf that are the beginning of a signal
	oob   []byte
	fd    int // one that has come and not been used, plus 1
	frame int // bytes to come of a frame
}

// hear returns what has come and not been used, or is kept; its memory lasts until the next call. Descriptors come with
// it only while rights is set.
func (h *hearer) hear(rights bool) ([]byte, error) {
	if !rights {
		n, err := h.sock.Read(h.buf[h.kept:])
		return h.buf[:h.kept+n], err
	}
	if h.oob == nil {
		h.oob = make([]byte, unix.CmsgSpace(4))
	}
	n, noob, _, _, err := h.sock.ReadMsgUnix(h.buf[h.kept:], h.oob)
	if err == nil && noob > 0 {
		err = h.take(h.oob[:noob])
	}
	if n == 0 && err == nil {
		err = io.EOF
	}
	return h.buf[:h.kept+max(n, 0)], err
}

// keep keeps the beginning of a signal until the rest is there.
func (h *hearer) keep(b []byte) { h.kept = copy(h.buf[:], b) }

// take takes a descriptor in.
func (h *hearer) take(oob []byte) error {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) != 1 {
		return errNoSignal
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 || h.fd != 0 {
		for _, fd := range fds {
			unix.Close(fd)
		}
		return errNoSignal
	}
	h.fd = fds[0] + 1
	return nil
}

// memory maps the memory whose descriptor has come.
func (h *hearer) memory() ([]byte, error) {
	if h.fd == 0 {
		return nil, fmt.Errorf("%w: memory without a descriptor", errNoSignal)
	}
	fd := h.fd - 1
	defer h.close()
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return nil, err
	}
	n := info.Size - ringHead
	seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_SHRINK == 0 || n < shmRingMin || n > shmRing || n&(n-1) != 0 {
		return nil, fmt.Errorf("%w: shared memory of %d bytes, seals %#x", errGarbage, info.Size, seals)
	}
	mem, err := unix.Mmap(fd, 0, int(info.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("shared memory of %d bytes: %w", info.Size, err)
	}
	return mem, nil
}

// close closes a descriptor that was not used.
func (h *hearer) close() {
	if h.fd != 0 {
		unix.Close(h.fd - 1)
		h.fd = 0
	}
}

func unmap(mem []byte) error { return unix.Munmap(mem) }
