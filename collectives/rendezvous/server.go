package rendezvous

// The serving side of the TCP store.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

const (
	// hold is how long the server keeps a Get for a key that is not there before it answers "ask again". So it never
	// works for long for a client that is gone, and a client hears from a living server at least this often.
	hold = time.Second

	// maxStrangers bounds the connections that have not met the challenge yet; more are closed at once.
	maxStrangers = 1024

	// maxStored bounds the bytes of keys and values a server takes in all.
	maxStored = 256 << 20
)

// Server is a store that ranks reach over TCP with Dial. Every connection must prove that it knows the job's secret.
type Server struct {
	l         net.Listener
	secret    []byte
	kv        transport.Store
	strangers chan struct{} // one token each
	ctx       context.Context
	cancel    context.CancelFunc
	wg        sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]struct{}
	stored   int
	proposed map[string][]byte
	once     sync.Once
}

// Serve starts a store that listens at addr, host:port. The host decides who can reach it: "127.0.0.1" for this machine
// alone, an address of an interface for its network, "0.0.0.0" for all; it must be given. Port 0 takes a free one, see
// Addr. The secret has at least MinSecret bytes.
func Serve(addr string, secret []byte) (*Server, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("rendezvous: Serve: a secret of %d bytes, fewer than %d", len(secret), MinSecret)
	}
	if host, _, err := net.SplitHostPort(addr); err != nil || host == "" {
		return nil, fmt.Errorf("rendezvous: Serve: address %q is not host:port", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: Serve: %w", err)
	}
	s := &Server{l: l, secret: secret, kv: transport.NewMemStore(), strangers: make(chan struct{}, maxStrangers),
		conns: map[net.Conn]struct{}{}, proposed: map[string][]byte{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Add(1)
	go s.accept()
	return s, nil
}

// Addr returns the host:port the server listens at.
func (s *Server) Addr() string { return s.l.Addr().String() }

// Close ends the service: answers in progress are still given, then every connection is closed. It is idempotent.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.l.Close()
		s.cancel()
		s.mu.Lock()
		for c := range s.conns {
			c.SetReadDeadline(time.Now()) // no further request
			c.SetWriteDeadline(time.Now().Add(time.Second))
		}
		s.mu.Unlock()
	})
	s.wg.Wait()
	return nil
}

func (s *Server) accept() {
	defer s.wg.Done()
	for {
		conn, err := s.l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of descriptors: others will be given back
			continue
		}
		select {
		case s.strangers <- struct{}{}:
			s.wg.Add(1)
			go s.serve(conn)
		default:
			conn.Close()
		}
	}
}

// serve talks to one client until it goes.
func (s *Server) serve(conn net.Conn) {
	defer s.wg.Done()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(handshakeTimeout))
	if !s.enter(conn) {
		<-s.strangers
		return
	}
	defer s.leave(conn)
	w, err := serverHandshake(conn, s.secret)
	<-s.strangers
	if err != nil {
		return
	}
	if !s.known(conn) {
		return
	}
	for {
		body, err := w.read()
		if err != nil {
			return
		}
		req, err := parseRequest(body)
		if err != nil {
			return
		}
		if err := w.write(s.answer(req)); err != nil {
			return
		}
	}
}

// enter notes a connection, so that Close can end it; false if the server is closed already.
func (s *Server) enter(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

// known lifts the deadline of a client that met the challenge.
func (s *Server) known(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	conn.SetDeadline(time.Time{})
	return true
}

func (s *Server) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// answer does what a request asks and returns the body of the answer.
func (s *Server) answer(r request) []byte {
	full := append([]byte{statusRefused}, "the store is full"...)
	switch r.op {
	case opPropose:
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, there := s.proposed[r.key]; !there {
			if !s.admit(r) {
				return full
			}
			s.proposed[r.key] = bytes.Clone(r.value)
		}
		return append([]byte{statusOK}, s.proposed[r.key]...)
	case opSet:
		s.mu.Lock()
		ok := s.admit(r)
		s.mu.Unlock()
		if !ok {
			return full
		}
		if err := s.kv.Set(context.Background(), r.key, r.value); err != nil {
			return append([]byte{statusRefused}, err.Error()...)
		}
		return []byte{statusOK}
	}
	ctx, cancel := context.WithTimeout(s.ctx, hold)
	defer cancel()
	value, err := s.kv.Get(ctx, r.key)
	if err != nil {
		return []byte{statusPending}
	}
	return append([]byte{statusOK}, value...)
}

// admit counts what r stores; false if it is too much. s.mu is held.
func (s *Server) admit(r request) bool {
	s.stored += len(r.key) + len(r.value)
	return s.stored <= maxStored
}
