package tcp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/tutti-ml/tutti/collectives/internal/fdlimit"
	"github.com/tutti-ml/tutti/collectives/internal/lobby"
	"github.com/tutti-ml/tutti/collectives/transport"
)

// strangers is how many connections that have not proved themselves a rank keeps, beside as many as there are ranks. If
// there are more, the oldest of those that keep silent go.
const strangers = 64

// Open meets the other ranks and returns when this one is connected to all. Rank r dials the ranks below it and accepts
// those above; the addresses go through c.Store. What fails is tried again until c.OpenTimeout is over or ctx ends.
// Connections that are no peer's are closed and forgotten, however many there are. It fails with ErrTimeout naming the
// ranks that did not come, ErrUnauthorized if a peer it dials does not know the secret, ErrMismatch if the ranks
// disagree on the job, and at once with syscall.EMFILE if this process may not have as many files open as it has peers.
// The context bounds Open alone, not the transport.
func Open(ctx context.Context, c Config) (*Transport, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	t := newTransport(&c)
	if c.Size == 1 {
		return t, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.OpenTimeout, transport.ErrTimeout)
	defer cancel()
	m, err := newMeeting(&c)
	if err == nil {
		err = m.meet(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("tcp: rank %d of %d: open: %w", c.Rank, c.Size, err)
	}
	t.hosts = m.places()
	c.crowd(t.crowd(), runtime.NumCPU())
	t.start(m.conns)
	return t, nil
}

// meeting is the state of an Open: who has come.
type meeting struct {
	c         *Config
	me        process
	address   address
	listeners []net.Listener
	lobby     *lobby.Lobby
	cleanup   func()      // of what a listener leaves behind
	tls       *tls.Config // nil without

	mu        sync.Mutex
	conns     []net.Conn // by rank
	processes []process  // of those that were accepted, by rank
	addresses []*address // by rank; nil: not known yet
	missing   int        // connections and addresses
	refusal   error      // why the last stranger was sent away
	refused   int
	failures  map[int]error // why a rank could not be reached, last

	over chan struct{} // closed when all are there or one error has ended it
	err  error         // that error
}

func newMeeting(c *Config) (*meeting, error) {
	m := &meeting{c: c, cleanup: func() {}, conns: make([]net.Conn, c.Size), processes: make([]process, c.Size),
		addresses: make([]*address, c.Size), missing: 2*c.Size - 1, failures: map[int]error{},
		lobby: lobby.New(c.Size + strangers), over: make(chan struct{})}
	if err := fdlimit.Need(c.Size + 16); err != nil { // what a process has open beside its peers
		return nil, fmt.Errorf("a connection to each of %d ranks: %w", c.Size-1, err)
	}
	rand.Read(m.me[:])
	var err error
	if c.TLS {
		if m.tls, err = tlsConfig(); err != nil {
			return nil, err
		}
	}
	if m.address, err = m.listen(); err != nil {
		m.deafen()
		return nil, fdlimit.Explain(err)
	}
	return m, nil
}

// deafen closes the listeners.
func (m *meeting) deafen() {
	for _, ln := range m.listeners {
		ln.Close()
	}
	m.cleanup()
}

func (m *meeting) key(rank int) string {
	if m.c.Epoch > 0 {
		return fmt.Sprintf("tcp/%s/%d/%d", m.c.Job, m.c.Epoch, rank)
	}
	return fmt.Sprintf("tcp/%s/%d", m.c.Job, rank)
}

// meet dials and accepts until every rank is there. Its goroutines have ended when it returns.
func (m *meeting) meet(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	if err := m.c.Store.Set(ctx, m.key(m.c.Rank), []byte(m.address.String())); err != nil {
		m.end(fmt.Errorf("tell the address: %w", err))
	}
	for _, ln := range m.listeners {
		wg.Go(func() { m.accept(ctx, ln, &wg) })
	}
	for rank := range m.c.Size {
		wg.Go(func() {
			if err := m.seek(ctx, rank); err != nil {
				m.end(fmt.Errorf("rank %d: %w", rank, err))
			}
		})
	}
	select {
	case <-m.over:
	case <-ctx.Done():
		m.end(context.Cause(ctx))
	}
	cancel()
	m.deafen()
	wg.Wait()
	if m.err == nil {
		return nil
	}
	for _, conn := range m.conns {
		if conn != nil {
			conn.Close()
		}
	}
	return m.diagnose()
}

// diagnose adds to the error what is known about those who did not come.
func (m *meeting) diagnose() error {
	if !errors.Is(m.err, transport.ErrTimeout) && !errors.Is(m.err, context.DeadlineExceeded) {
		return m.err
	}
	var absent []int
	for r, conn := range m.conns {
		if conn == nil && r != m.c.Rank {
			absent = append(absent, r)
		}
	}
	err := fmt.Errorf("ranks %v did not come: %w", absent, m.err)
	for _, r := range absent {
		if m.failures[r] != nil {
			err = fmt.Errorf("%w; rank %d could not be reached, the last time because: %w", err, r, m.failures[r])
			break
		}
	}
	if m.refused > 0 {
		err = fmt.Errorf("%w; %d connections were refused, the last because: %w", err, m.refused, m.refusal)
	}
	return err
}

// end ends the meeting; the first reason stays.
func (m *meeting) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endLocked(err)
}

func (m *meeting) endLocked(err error) {
	select {
	case <-m.over:
	default:
		m.err = err
		close(m.over)
	}
}

// found takes note of something that was missing. m.mu is held.
func (m *meeting) found() {
	if m.missing--; m.missing == 0 {
		m.endLocked(nil)
	}
}

// add takes conn as the connection to rank. A process that comes twice has lost the first.
func (m *meeting) add(rank int, who process, conn net.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.conns[rank]; old != nil {
		if m.processes[rank] != who {
			conn.Close()
			m.endLocked(fmt.Errorf("%w: two processes say that they are rank %d", transport.ErrMismatch, rank))
			return
		}
		old.Close()
		m.conns[rank] = conn
		return
	}
	m.conns[rank], m.processes[rank] = conn, who
	m.found()
}

// seek finds out where rank is, and dials it if that is this rank's part.
func (m *meeting) seek(ctx context.Context, rank int) error {
	text, err := m.c.Store.Get(ctx, m.key(rank))
	if err != nil {
		return fmt.Errorf("its address: %w", err)
	}
	at, err := parseAddress(text)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.addresses[rank] = &at
	m.found()
	m.mu.Unlock()
	if rank >= m.c.Rank {
		return nil
	}
	conn, err := m.dial(ctx, rank, at)
	if err != nil {
		return err
	}
	m.add(rank, process{}, conn)
	return nil
}

// dial connects to rank, again and again if need be. Only what trying again cannot mend ends it.
func (m *meeting) dial(ctx context.Context, rank int, at address) (net.Conn, error) {
	limit := handshakeTimeout
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		conn, err := m.dialOnce(ctx, rank, at, limit)
		switch {
		case err == nil:
			return conn, nil
		case final(err):
			return nil, fdlimit.Explain(err)
		}
		limit = min(2*limit, time.Minute) // who is paused, or busy, shall not wake up to connections given up
		m.mu.Lock()
		if ctx.Err() == nil {
			m.failures[rank] = err
		}
		m.mu.Unlock()
		select {
		case <-time.After(wait/2 + mrand.N(wait)):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// final reports whether err is one that trying again cannot mend.
func final(err error) bool {
	return errors.Is(err, transport.ErrUnauthorized) || errors.Is(err, transport.ErrMismatch) || errors.Is(err, syscall.EMFILE)
}

// dialOnce tries each way to reach rank, once.
func (m *meeting) dialOnce(ctx context.Context, rank int, at address, limit time.Duration) (net.Conn, error) {
	ways, err := m.ways(at)
	for _, w := range ways {
		d := net.Dialer{Timeout: limit}
		if len(ways) > 1 { // an address that leads nowhere shall not keep us from the next
			d.Timeout = limit / 5
		}
		var conn, carrier net.Conn
		if conn, err = d.DialContext(ctx, w.network, w.at); err == nil {
			if carrier, err = m.greet(ctx, conn, rank, limit); err == nil {
				return carrier, nil
			}
		}
		if errors.Is(err, errOtherRank) && len(ways) > 1 { // two hosts may have networks with the same addresses
			err = fmt.Errorf("at %s: %v", w.at, err)
		}
		// A unix socket that answers is the way, though not at this moment.
		if final(err) || w.network == "unix" && (conn != nil || errors.Is(err, syscall.EAGAIN)) {
			break
		}
	}
	return nil, err
}

// greet is the handshake with rank over conn, from the side that dialled. It closes conn if that fails.
func (m *meeting) greet(ctx context.Context, conn net.Conn, rank int, limit time.Duration) (net.Conn, error) {
	secured, err := m.secure(ctx, conn, tls.Client, limit)
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn = secured
	if err := dialHandshake(ctx, m.c, m.me, conn, rank, limit); err != nil {
		conn.Close()
		return nil, fmt.Errorf("handshake with %v: %w", conn.RemoteAddr(), err)
	}
	carrier, err := welcomed(ctx, conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("refused by rank %d: %w", rank, err)
	}
	return carrier, nil
}

// accept serves whoever connects until the listener is closed.
func (m *meeting) accept(ctx context.Context, ln net.Listener, wg *sync.WaitGroup) {
	for {
		conn, err := ln.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, syscall.EMFILE) && m.lobby.Shed():
			continue
		case err != nil:
			m.end(fmt.Errorf("accept: %w", fdlimit.Explain(err)))
			return
		}
		wg.Go(func() { m.receive(ctx, conn) })
	}
}

// receive takes a connection in if it proves to be a peer's.
func (m *meeting) receive(ctx context.Context, conn net.Conn) {
	rank, who, peer, err := m.examine(ctx, conn)
	var carrier net.Conn
	if err == nil {
		carrier, err = m.welcome(ctx, peer)
	}
	switch {
	case err == nil:
		m.add(rank, who, carrier)
	case errors.Is(err, transport.ErrMismatch): // it knows the secret: not a stranger but a mistake
		conn.Close()
		m.end(err)
	default:
		conn.Close()
		m.mu.Lock()
		m.refused++
		m.refusal = fmt.Errorf("%v: %w", conn.RemoteAddr(), err)
		m.mu.Unlock()
	}
}

var errCrowded = errors.New("it had to make room for others")

// examine lets a connection prove itself, in the lobby, and returns it, as it is to be used from then on.
func (m *meeting) examine(ctx context.Context, conn net.Conn) (rank int, who process, peer net.Conn, err error) {
	g := m.lobby.Enter(conn)
	if peer, err = m.secure(ctx, conn, tls.Server, handshakeTimeout); err == nil {
		rank, who, err = acceptHandshake(ctx, m.c, m.me, peer, g.Spoke)
	}
	if !g.Leave() {
		err = errCrowded
	}
	return rank, who, peer, err
}
