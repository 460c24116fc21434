package tcp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// maxStrangers is how many connections that have not proved themselves are served at a time; the others wait in the
// kernel's queue.
const maxStrangers = 64

// Open meets the other ranks and returns when this one is connected to all. Rank r dials the ranks below it and accepts
// those above; the addresses go through c.Store. Connections that are no peer's are closed and forgotten. It fails with
// ErrTimeout naming the ranks that did not come, ErrUnauthorized if a peer it dials does not know the secret, and
// ErrMismatch if the ranks disagree on the job. The context bounds Open alone, not the transport.
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
	if err == nil {
		if t.hosts, err = m.places(ctx); err != nil {
			m.hangUp()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("tcp: rank %d of %d: open: %w", c.Rank, c.Size, err)
	}
	t.start(m.conns)
	return t, nil
}

// meeting is the state of an Open: who has come.
type meeting struct {
	c         *Config
	address   address
	listeners []net.Listener
	cleanup   func()      // of what a listener leaves behind
	tls       *tls.Config // nil without

	mu      sync.Mutex
	conns   []net.Conn // by rank
	missing int
	refusal error // why the last stranger was sent away
	refused int

	over chan struct{} // closed when all are there or one error has ended it
	err  error         // that error
}

func newMeeting(c *Config) (*meeting, error) {
	m := &meeting{c: c, cleanup: func() {}, conns: make([]net.Conn, c.Size), missing: c.Size - 1, over: make(chan struct{})}
	var err error
	if c.TLS {
		if m.tls, err = tlsConfig(); err != nil {
			return nil, err
		}
	}
	if m.address, err = m.listen(); err != nil {
		m.deafen()
		return nil, err
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
	places := make(chan struct{}, maxStrangers)
	for _, ln := range m.listeners {
		wg.Go(func() { m.accept(ctx, ln, places, &wg) })
	}
	for rank := range m.c.Rank {
		wg.Go(func() {
			conn, err := m.dial(ctx, rank)
			if err != nil {
				m.end(fmt.Errorf("rank %d: %w", rank, err))
				return
			}
			m.add(rank, conn)
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
	m.hangUp()
	return m.diagnose()
}

func (m *meeting) hangUp() {
	for _, conn := range m.conns {
		if conn != nil {
			conn.Close()
		}
	}
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
	if m.refused > 0 {
		err = fmt.Errorf("%w; %d connections were refused, the last because: %w", err, m.refused, m.refusal)
	}
	return err
}

// end ends the meeting; the first reason stays.
func (m *meeting) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.over:
	default:
		m.err = err
		close(m.over)
	}
}

// add takes conn as the connection to rank.
func (m *meeting) add(rank int, conn net.Conn) {
	m.mu.Lock()
	if m.conns[rank] != nil {
		m.mu.Unlock()
		conn.Close()
		m.end(fmt.Errorf("%w: two processes say that they are rank %d", transport.ErrMismatch, rank))
		return
	}
	m.conns[rank] = conn
	m.missing--
	all := m.missing == 0
	m.mu.Unlock()
	if all {
		m.end(nil)
	}
}

func (m *meeting) dial(ctx context.Context, rank int) (net.Conn, error) {
	text, err := m.c.Store.Get(ctx, m.key(rank))
	if err != nil {
		return nil, fmt.Errorf("its address: %w", err)
	}
	at, err := parseAddress(text)
	if err != nil {
		return nil, err
	}
	conn, err := m.connect(ctx, at)
	if err != nil {
		return nil, err
	}
	secured, err := m.secure(ctx, conn, tls.Client)
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn = secured
	if err := dialHandshake(ctx, m.c, conn, rank); err != nil {
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
func (m *meeting) accept(ctx context.Context, ln net.Listener, places chan struct{}, wg *sync.WaitGroup) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				m.end(fmt.Errorf("accept: %w", err))
			}
			return
		}
		places <- struct{}{} // every holder leaves within handshakeTimeout
		wg.Go(func() {
			m.receive(ctx, conn)
			<-places
		})
	}
}

// receive takes a connection in if it proves to be a peer's.
func (m *meeting) receive(ctx context.Context, conn net.Conn) {
	var rank int
	var carrier net.Conn
	secured, err := m.secure(ctx, conn, tls.Server)
	if err == nil {
		conn = secured
		rank, err = acceptHandshake(ctx, m.c, conn)
	}
	if err == nil {
		carrier, err = m.welcome(ctx, conn)
	}
	switch {
	case err == nil:
		m.add(rank, carrier)
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
