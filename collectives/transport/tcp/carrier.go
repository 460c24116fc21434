package tcp

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

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
	welcomeShm   byte = 2 // go on as shm.go says
)

// address is where a rank accepts connections. It is stored as text: the TCP addresses, on one line, those first that
// are to be tried first, and on a second line "unix", a name of the host and that of the socket, where there is one.
type address struct {
	tcp        []string
	host, unix string
}

func (a address) String() string {
	first := strings.Join(a.tcp, " ")
	if a.unix == "" {
		return first
	}
	return first + "\nunix " + a.host + " " + a.unix
}

func parseAddress(b []byte) (a address, err error) {
	first, second, two := bytes.Cut(b, []byte("\n"))
	a.tcp = strings.Fields(string(first))
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
var hostName = sync.OnceValue(func() string {
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		return strings.TrimSpace(string(id))
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "host"
	}
	return strings.ReplaceAll(name, " ", "_")
})

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
		if a.tcp, err = m.c.advertised(ln.Addr()); err != nil {
			return a, err
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

// way is how a rank may be reached.
type way struct{ network, at string }

// ways lists how the rank at a may be reached, what is to be tried first first: a unix socket, if that is wanted and it
// is on this host, and its TCP addresses.
func (m *meeting) ways(a address) (ways []way, err error) {
	here := a.unix != "" && a.host == hostName()
	if here && m.c.Carrier != TCP {
		ways = append(ways, way{"unix", a.unix})
	}
	if m.c.Carrier.local() {
		if len(ways) == 0 {
			err = fmt.Errorf("%w: Config.Carrier is %s, and it is on another host", transport.ErrMismatch, m.c.Carrier)
		}
		return ways, err
	}
	for _, at := range a.tcp {
		host, _, err := net.SplitHostPort(at)
		if err == nil && len(a.tcp) > 1 && a.unix != "" && !here && isLoopback(host) {
			continue // another host's
		}
		ways = append(ways, way{"tcp", at})
	}
	if len(ways) == 0 {
		err = errors.New("it has no address")
	}
	return ways, err
}

// welcome is the acceptor's last word in the handshake; what it returns carries the frames.
func (m *meeting) welcome(ctx context.Context, conn net.Conn) (net.Conn, error) {
	defer timeBound(ctx, conn, handshakeTimeout)()
	word := welcomePlain
	if _, ok := conn.(*net.UnixConn); ok && m.c.Carrier != Unix {
		switch err := shmWorks(); {
		case err == nil:
			word = welcomeShm
		case m.c.Carrier == Shm:
			return nil, fmt.Errorf("%w: Config.Carrier is shm, and %w", transport.ErrMismatch, err)
		}
	}
	if _, err := conn.Write([]byte{word}); err != nil {
		return nil, err
	}
	return carried(conn, word), nil
}

// welcomed is the dialer's side of welcome.
func welcomed(ctx context.Context, conn net.Conn) (net.Conn, error) {
	defer timeBound(ctx, conn, 0)()
	var word [1]byte
	if _, err := io.ReadFull(conn, word[:]); err != nil {
		return nil, err
	}
	_, local := conn.(*net.UnixConn)
	if word[0] != welcomePlain && !(word[0] == welcomeShm && local) {
		return nil, errGarbage
	}
	return carried(conn, word[0]), nil
}

// carried is conn as the welcome wants it.
func carried(conn net.Conn, word byte) net.Conn {
	if word == welcomeShm {
		return newShmConn(conn.(*net.UnixConn))
	}
	return conn
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
