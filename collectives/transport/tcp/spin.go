package tcp

import (
	"net"
	"runtime"
	"sync/atomic"
	"time"
)

// Waking a goroutine that sleeps in the network poller, and the processor under it, costs tens to hundreds of
// microseconds, more than a small message takes. So a reader that finds nothing looks again for a while, giving way to
// other goroutines, before it sleeps; for longer while somebody waits for what it may find. Where ranks share cores
// that would keep the others from sending: there nobody spins.

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
