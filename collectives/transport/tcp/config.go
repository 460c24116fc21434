package tcp

import (
	"fmt"
	"net"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Config says which rank this is and how it meets the others. Rank, Size and Store have no default; Job, Epoch, Secret and
// the times must be the same on every rank.
type Config struct {
	// Rank is this process's number, 0 ≤ Rank < Size, and Size the number of ranks.
	Rank, Size int
	// Store is where the ranks leave their addresses for each other. It is not used after Open.
	Store transport.Store
	// Job names the job, so that two jobs that share a store or reuse a port do not mix. Default "".
	Job string
	// Epoch counts the openings of the job's group: the survivors of a lost rank open another, with ranks counted anew
	// and the next epoch, through the same store. Ranks of different epochs do not meet. Default 0.
	Epoch uint32
	// Listen is the address to listen on until all ranks have come, "host:port"; port 0 lets the system choose. Default
	// "127.0.0.1:0": this machine only. Any other host needs a Secret.
	Listen string
	// Advertise lists the addresses that the others dial, "host:port" each, what they are to try first first; port 0 is
	// the one listened on. Default: the address listened on. It is needed when Listen's host is empty or 0.0.0.0, which
	// nobody can dial.
	Advertise []string
	// Carrier is what ranks of one host talk over. Default Auto: shared memory, or else unix sockets, or else TCP. The
	// others force one; Unix and Shm refuse ranks on other hosts.
	Carrier Carrier
	// Secret is the job's secret: whoever cannot prove to know it is no peer. It keeps strangers out; it does not hide or
	// seal what is sent, TLS does. Take 16 random bytes or more. Default none, on loopback only.
	Secret []byte
	// TLS encrypts and seals connections over TCP by TLS 1.3, for a third of the bandwidth. It needs a Secret and no
	// certificates. Default off: only the handshake is protected.
	TLS bool
	// Heartbeat is how often a rank that has nothing else to say shows that it is alive. Default 500 ms.
	Heartbeat time.Duration
	// PeerTimeout is how long a peer may be silent before it counts as lost; at least 2 heartbeats. Default 4 s, or,
	// where more than 8 ranks share a core, half a second for each of them, as each waits for its turn.
	PeerTimeout time.Duration
	// OpenTimeout bounds Open, in addition to its context. Default 60 s.
	OpenTimeout time.Duration
	// Spin is how long a reader that finds nothing looks again before it sleeps. Default 50 µs if this host has a core for
	// each of its ranks, otherwise 0; negative means 0.
	Spin time.Duration
	// Buffer is how many bytes of messages that nobody has asked for yet a rank keeps from each peer before it stops
	// reading from that peer. Default 16 MiB. It is allocated as needed, and exceeded where a receive waits for a message behind
	// them.
	Buffer int

	crowdTimeout bool // PeerTimeout was left open
}

// crowd adapts the time limits that were left open to hosts with that many ranks at most.
func (c *Config) crowd(ranks, cores int) {
	if c.crowdTimeout {
		c.PeerTimeout = max(c.PeerTimeout, time.Duration(ranks)*500*time.Millisecond/time.Duration(cores))
	}
}

// withDefaults returns c with its zero fields replaced.
func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&c.Heartbeat, 500*time.Millisecond)
	c.crowdTimeout = c.PeerTimeout == 0
	set(&c.PeerTimeout, 4*time.Second)
	set(&c.OpenTimeout, time.Minute)
	if c.Buffer == 0 {
		c.Buffer = 16 << 20
	}
	return c
}

// Validate returns an error naming the first field that cannot be used and its value.
func (c Config) Validate() error {
	c = c.withDefaults()
	bad := func(field string, value any, want string) error {
		return fmt.Errorf("tcp: Config.%s: %v: want %s", field, value, want)
	}
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case c.Size < 1:
		return bad("Size", c.Size, "at least 1")
	case c.Rank < 0 || c.Rank >= c.Size:
		return bad("Rank", c.Rank, fmt.Sprintf("0 to %d, as Size is %d", c.Size-1, c.Size))
	case c.Store == nil && c.Size > 1:
		return bad("Store", nil, "a store that all ranks share")
	case err != nil:
		return bad("Listen", fmt.Sprintf("%q", c.Listen), "host:port")
	case len(c.Secret) == 0 && !isLoopback(host):
		return bad("Secret", "none", fmt.Sprintf("a secret, as Listen is %q and not loopback", c.Listen))
	case len(c.Secret) == 0 && c.TLS:
		return bad("Secret", "none", "a secret, as TLS alone does not show who the peer is")
	case len(c.Advertise) == 0 && isUnspecified(host):
		return bad("Advertise", "none", fmt.Sprintf("an address to dial, as Listen is %q", c.Listen))
	case !c.Carrier.supported():
		return bad("Carrier", fmt.Sprintf("%q", c.Carrier), "a carrier that this system has")
	case c.Heartbeat < 0:
		return bad("Heartbeat", c.Heartbeat, "a positive time")
	case c.PeerTimeout < 2*c.Heartbeat:
		return bad("PeerTimeout", c.PeerTimeout, fmt.Sprintf("at least twice Heartbeat, %v", c.Heartbeat))
	case c.Buffer < 0:
		return bad("Buffer", c.Buffer, "a number of bytes")
	}
	return nil
}

// advertised returns the addresses to dial where this rank listens at ln.
func (c *Config) advertised(ln net.Addr) ([]string, error) {
	if len(c.Advertise) == 0 {
		return []string{ln.String()}, nil
	}
	_, actual, err := net.SplitHostPort(ln.String())
	if err != nil {
		return nil, err
	}
	all := make([]string, len(c.Advertise))
	for i, at := range c.Advertise {
		host, port, err := net.SplitHostPort(at)
		if err != nil {
			return nil, fmt.Errorf("tcp: Config.Advertise: %q: want host:port", at)
		}
		if port == "0" {
			port = actual
		}
		all[i] = net.JoinHostPort(host, port)
	}
	return all, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isUnspecified(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}
