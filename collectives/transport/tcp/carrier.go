package tcp

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Carrier is what bytes between two ranks travel over.
type Carrier string

// The carriers.
const (
	// Auto takes, for each pair of ranks by itself, the first of shared memory, unix sockets and TCP that works between
	// them.
	Auto Carrier = ""
	// TCP works between any two hosts.
	TCP Carrier = "tcp"
	// Unix is a unix socket: two processes of one host, but not on Windows.
	Unix Carrier = "unix"
	// Shm is shared memory, and a unix socket for waking each other: two processes of one host, on Linux.
	Shm Carrier = "shm"
)

// local reports whether c is for ranks of one host alone.
func (c Carrier) local() bool { return c == Unix || c == Shm }

func (c Carrier) supported() bool {
	switch c {
	case Auto, TCP:
		return true
	case Unix:
		return runtime.GOOS != "windows"
	case Shm:
		return shmAvailable
	}
	return false
}

// What the acceptor says when the proofs are right.
const (
	welcomePlain byte = 1 // go on with frames
	welcomeShm   byte = 2 // go on in the shared memory whose descriptor comes with this byte
)

var errWelcome = errors.New("the peer left during the welcome")

// address is where a rank accepts connections. It is stored as text: the TCP address, and on a second line "unix", a
// name of the host and that of the socket, where there is one.
type address struct{ tcp, host, unix string }

func (a address) String() string {
	if a.unix == "" {
		return a.tcp
	}
	return a.tcp + "\nunix " + a.host + " " + a.unix
}

func parseAddress(b []byte) (a address, err error) {
	first, second, two := bytes.Cut(b, []byte("\n"))
	a.tcp = string(first)
	if !two {
		return a, nil
	}
	words := strings.SplitN(string(second), " ", 3)
	if len(words) != 3 || words[0] != "unix" || words[1] == "" || words[2] == "" {
		return a, fmt.Errorf("an address says %q", second)
	}
	a.host, a.unix = words[1], words[2]
	return a, nil
}

// hostName tells this host from others, as well as can be: two hosts of one name find out when they cannot connect.
func hostName() string {
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		return strings.TrimSpace(string(id))
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "host"
	}
	return strings.ReplaceAll(name, " ", "_")
}

// listenUnix opens a unix socket that goes with its process: on Linux by a name that is no file, elsewhere in a directory
// of its own that remove removes.
func listenUnix() (ln net.Listener, remove func(), err error) {
	var random [16]byte
	rand.Read(random[:])
	name := "tutti-" + hex.EncodeToString(random[:])
	if runtime.GOOS == "linux" {
		ln, err = net.Listen("unix", "@"+name)
		return ln, func() {}, err
	}
	dir, err := os.MkdirTemp("", "tutti-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	if ln, err = net.Listen("unix", filepath.Join(dir, "s")); err != nil {
		remove()
		return nil, nil, err
	}
	return ln, remove, nil
}

// listen opens the sockets on which this rank can be reached, and returns how.
func (m *meeting) listen() (address, error) {
	var a address
	if !m.c.Carrier.local() {
		ln, err := net.Listen("tcp", m.c.Listen)
		if err != nil {
			return a, err
		}
		m.listeners = append(m.listeners, ln)
		if a.tcp = m.c.Advertise; a.tcp == "" {
			a.tcp = ln.Addr().String()
		}
	}
	if m.c.Carrier != TCP && Unix.supported() {
		ln, remove, err := listenUnix()
		switch {
		case err == nil:
			m.listeners = append(m.listeners, ln)
			m.cleanup = remove
			a.host, a.unix = hostName(), ln.Addr().String()
		case m.c.Carrier.local():
			return a, err
		}
	}
	return a, nil
}

// connect dials a, over a unix socket if that is wanted and works.
func (m *meeting) connect(ctx context.Context, a address) (net.Conn, error) {
	var d net.Dialer
	if m.c.Carrier != TCP && a.unix != "" && a.host == hostName() {
		conn, err := d.DialContext(ctx, "unix", a.unix)
		if err == nil || m.c.Carrier.local() {
			return conn, err
		}
	}
	if m.c.Carrier.local() {
		return nil, fmt.Errorf("%w: Config.Carrier is %s, and it is on another host", transport.ErrMismatch, m.c.Carrier)
	}
	return d.DialContext(ctx, "tcp", a.tcp)
}

// welcome is the acceptor's last word in the handshake; what it returns carries the frames.
func (m *meeting) welcome(ctx context.Context, conn net.Conn) (net.Conn, error) {
	defer timeBound(ctx, conn)()
	if u, ok := conn.(*net.UnixConn); ok && shmAvailable && m.c.Carrier != Unix {
		c, err := offerShm(u)
		if err == nil {
			return c, nil
		}
		if m.c.Carrier == Shm || errors.Is(err, errWelcome) {
			return nil, err
		}
	}
	_, err := conn.Write([]byte{welcomePlain})
	return conn, err
}

// welcomed is the dialer's side of welcome.
func welcomed(ctx context.Context, conn net.Conn) (net.Conn, error) {
	defer timeBound(ctx, conn)()
	var word [1]byte
	if u, ok := conn.(*net.UnixConn); ok {
		w, mem, err := readWelcome(u)
		if err != nil {
			return nil, err
		}
		if mem != nil {
			return newShmConn(conn, mem, false), nil
		}
		word[0] = w
	} else if _, err := conn.Read(word[:]); err != nil {
		return nil, err
	}
	if word[0] != welcomePlain {
		return nil, errGarbage
	}
	return conn, nil
}

// Carrier returns what carries messages to and from rank.
func (t *Transport) Carrier(rank int) Carrier {
	switch conn := t.peer("Carrier", rank).conn; conn.RemoteAddr().(type) {
	case *net.UnixAddr:
		if _, shared := conn.(*shmConn); shared {
			return Shm
		}
		return Unix
	}
	return TCP
}
