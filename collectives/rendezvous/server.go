package rendezvous

// The serving side of the TCP store: who may come in. What a client gets there is in session.go.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives/internal/fdlimit"
	"github.com/tutti-ml/tutti/collectives/internal/lobby"
)

const (
	// hold is how often the server tells a client that waits for a key that it is still there.
	hold = time.Second

	// maxStrangers bounds the connections that have not met the challenge yet. If there are more, those that keep
	// silent are closed, the oldest first.
	maxStrangers = 256

	// maxStored bounds the bytes of keys and values a server takes in all.
	maxStored = 256 << 20
)

// Server is a store that ranks reach over TCP with Dial. Every connection must prove that it knows the job's secret.
type Server struct {
	l      net.Listener
	secret []byte
	lobby  *lobby.Lobby
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once

	mu       sync.Mutex
	guests   map[net.Conn]struct{} // those in the lobby
	sessions map[*session]struct{}
	values   map[string]*entry
	stored   int
	proposed map[string][]byte
	trouble  error // why the last connection could not be accepted
}

// Serve starts a store that listens at addr, host:port. The host decides who can reach it: "127.0.0.1" for this machine
// alone, an address of an interface for its network, none for everybody. Port 0 takes a free one, see Addr. The secret
// has at least MinSecret bytes.
func Serve(addr string, secret []byte) (*Server, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("rendezvous: Serve: a secret of %d bytes, fewer than %d", len(secret), MinSecret)
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("rendezvous: Serve: address %q is not host:port", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: Serve: %w", fdlimit.Explain(err))
	}
	s := &Server{l: l, secret: secret, lobby: lobby.New(maxStrangers), guests: map[net.Conn]struct{}{},
		sessions: map[*session]struct{}{}, values: map[string]*entry{}, proposed: map[string][]byte{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(s.accept)
	s.wg.Go(s.beat)
	return s, nil
}

// Addr returns the host:port the server listens at.
func (s *Server) Addr() string { return s.l.Addr().String() }

// Port returns the port the server listens at.
func (s *Server) Port() int { return s.l.Addr().(*net.TCPAddr).Port }

// Trouble returns why connections could not be accepted of late, an error of the system such as too many open files;
// nil if they could.
func (s *Server) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// Close ends the service: answers in progress are still given, clients that wait are told, then every connection is
// closed. It is idempotent.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.l.Close()
		s.cancel()
		s.mu.Lock()
		for c := range s.guests {
			c.SetDeadline(time.Now())
		}
		for c := range s.sessions {
			c.w.conn.SetReadDeadline(time.Now()) // no further request
			c.w.conn.SetWriteDeadline(time.Now().Add(time.Second))
		}
		s.mu.Unlock()
	})
	s.wg.Wait()
	return nil
}

func (s *Server) accept() {
	for {
		conn, err := s.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		s.mu.Lock()
		s.trouble = fdlimit.Explain(err)
		s.mu.Unlock()
		if err != nil { // out of descriptors, say: others will be given back
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.wg.Go(func() { s.serve(conn) })
	}
}

// serve talks to one client until it goes.
func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	w, err := s.challenge(conn)
	if err != nil {
		return
	}
	c := newSession(s, w)
	if s.enter(c) {
		s.wg.Go(c.write)
		c.read()
		s.leave(c)
	}
}

// challenge lets conn prove itself, in the lobby.
func (s *Server) challenge(conn net.Conn) (*wire, error) {
	conn.SetDeadline(time.Now().Add(handshakeTimeout))
	s.mu.Lock()
	s.guests[conn] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.guests, conn)
		s.mu.Unlock()
	}()
	if s.ctx.Err() != nil {
		return nil, net.ErrClosed
	}
	g := s.lobby.Enter(conn)
	w, err := serverHandshake(conn, s.secret, g.Spoke)
	if !g.Leave() {
		return nil, net.ErrClosed
	}
	return w, err
}

// enter takes a client in that has met the challenge; false if the server is closed already.
func (s *Server) enter(c *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	c.w.conn.SetDeadline(time.Time{})
	s.sessions[c] = struct{}{}
	return true
}

// leave forgets a client that has gone or, at the end, says that this is it.
func (s *Server) leave(c *session) {
	s.mu.Lock()
	delete(s.sessions, c)
	s.mu.Unlock()
	if s.ctx.Err() != nil {
		c.say(answer{status: statusClosed})
	}
	c.end()
	<-c.written
}

// beat tells clients that wait that the server lives.
func (s *Server) beat() {
	tick := time.NewTicker(hold)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return
		}
		s.mu.Lock()
		for c := range s.sessions {
			if c.waiting > 0 {
				c.say(answer{status: statusAlive})
			}
		}
		s.mu.Unlock()
	}
}
