package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// Options are the choices of [Listen]. The zero value is a good one.
type Options struct {
	// Token asks for the token on the loopback interface, too: for machines that others log in to.
	Token bool
	// Pprof serves profiles of the program under /debug/pprof/. A profile shows function names and slows the program down.
	Pprof bool
	// Metrics, if given, serves /metrics, behind the same token as the page.
	Metrics http.Handler
}

// limits bound what a client can take.
type limits struct {
	header, request, write time.Duration // to read a header, a request; to write an answer, or an event
	idle                   time.Duration // a connection without a request
	headerBytes            int
	connections, streams   int
	tick, ping             time.Duration // between two events; between two signs of life
	close                  time.Duration // for answers under way when the server closes
	profile, trace         time.Duration // the longest profile and trace
}

var defaults = limits{header: 5 * time.Second, request: 10 * time.Second, write: 10 * time.Second, idle: time.Minute,
	headerBytes: 16 << 10, connections: 128, streams: 32, tick: 250 * time.Millisecond, ping: 15 * time.Second,
	close: 800 * time.Millisecond, profile: time.Minute, trace: 5 * time.Second}

// Server serves the page of a run, whose events it receives: it is a [summary.RankSink] whose methods never fail. An
// event costs less than a microsecond on average and waits for no reader. Several runs may follow one another: the page
// shows the latest, and one that is resumed goes on with the curves of the steps before it.
type Server struct {
	state   *state
	limits  limits
	options Options
	access  access
	url     string
	http    http.Server

	closing chan struct{} // closed by Close
	served  chan error    // what Serve returned
	streams chan struct{} // a place for each stream
	once    sync.Once
	err     error // of the first Close

	mu      sync.Mutex
	closed  bool           // no further answers
	answers sync.WaitGroup // requests being answered
}

var _ summary.RankSink = (*Server)(nil)

// Listen starts a server on addr, HOST:PORT or :PORT, and returns at once. Port 0 is any free port. Without a host it
// listens on the loopback interface, where no token is needed; see the package's comment for other hosts. The caller
// closes the server.
func Listen(addr string, o Options) (*Server, error) { return listen(addr, o, defaults) }

func listen(addr string, o Options, lim limits) (*Server, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("web: address %q, want HOST:PORT or :PORT: %w", addr, err)
	}
	bind := host
	if host == "" {
		bind = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(bind, port))
	if err != nil {
		return nil, fmt.Errorf("web: listening on %q: %w", addr, err)
	}
	at := l.Addr().(*net.TCPAddr)
	s := &Server{state: newState(), limits: lim, options: o, closing: make(chan struct{}), served: make(chan error, 1),
		streams: make(chan struct{}, lim.streams)}
	s.access = newAccess(at, host, o.Token)
	s.url = s.access.url(at, host)
	s.http = http.Server{Addr: at.String(), Handler: s.handler(), ReadHeaderTimeout: lim.header, ReadTimeout: lim.request,
		WriteTimeout: lim.write, IdleTimeout: lim.idle, MaxHeaderBytes: lim.headerBytes,
		ErrorLog: silent()}
	go func() { s.served <- s.http.Serve(&bounded{Listener: l, free: make(chan struct{}, lim.connections)}) }()
	return s, nil
}

// URL returns the page's address, with the token if one is needed: what to print for the user.
func (s *Server) URL() string { return s.url }

// Close ends the server within a second: readers hear of it, and answers under way get 0.8 s. A run that has not
// ended is shown as interrupted. Close returns the error that ended the server before, if one did. Further calls return
// the same.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.state.close()
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		close(s.closing)
		ctx, cancel := context.WithTimeout(context.Background(), s.limits.close)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			s.http.Close() // cuts off what is left
		}
		s.answers.Wait()
		if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
			s.err = fmt.Errorf("web: serving on %s: %w", s.http.Addr, err)
		}
	})
	return s.err
}

// begin counts an answer in; it says no once the server closes.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.answers.Add(1)
	}
	return !s.closed
}

// Start shows a new run.
func (s *Server) Start(r summary.Run) error { s.state.start(r); return nil }

// Step adds a step to the curves. It allocates nothing.
func (s *Server) Step(e summary.Step) error { s.state.step(&e); return nil }

// Evaluation adds a point to the curves of held-out samples.
func (s *Server) Evaluation(e summary.Evaluation) error { s.state.evaluation(e); return nil }

// Epoch adds a row to the table of epochs, and its points to the curves.
func (s *Server) Epoch(e summary.Epoch) error { s.state.epoch(e); return nil }

// Checkpoint shows that there is a checkpoint, or why there is none.
func (s *Server) Checkpoint(c summary.Checkpoint) error { s.state.checkpoint(c); return nil }

// Warn shows a warning.
func (s *Server) Warn(w summary.Warning) error { s.state.warn(w); return nil }

// Ranks shows how the ranks do.
func (s *Server) Ranks(ranks []summary.Rank) error { s.state.setRanks(ranks); return nil }

// End shows how the run ended. The page stays until Close.
func (s *Server) End(e summary.End) error { s.state.end(e); return nil }

// bounded is a listener with a bound on open connections: one too many is closed at once.
type bounded struct {
	net.Listener
	free chan struct{}
}

func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case b.free <- struct{}{}:
			return &counted{Conn: c, free: b.free}, nil
		default:
			c.Close()
		}
	}
}

// counted is a connection that gives its place back when it is closed.
type counted struct {
	net.Conn
	free chan struct{}
	once sync.Once
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.free })
	return err
}

// hostname is this machine's name as others may reach it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil || strings.ContainsAny(name, "/:@?# ") {
		return "127.0.0.1"
	}
	return name
}
