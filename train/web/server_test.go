package web

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
)

// quick are limits for tests: short where one waits for them.
func quick() limits {
	l := defaults
	l.tick, l.close = 10*time.Millisecond, 100*time.Millisecond
	return l
}

func start(t *testing.T, o Options, l limits) *Server {
	s, err := listen(":0", o, l)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// client is a client that is not to outlive the test.
func client(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

// stream is an open stream of events.
type stream struct {
	t    *testing.T
	body io.Closer
	in   *bufio.Scanner
}

func follow(t *testing.T, c *http.Client, s *Server) *stream {
	r, err := c.Get(s.URL() + "events")
	require.NoError(t, err)
	t.Cleanup(func() { r.Body.Close() })
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "text/event-stream", r.Header.Get("Content-Type"))
	in := bufio.NewScanner(r.Body)
	in.Buffer(nil, 1<<20)
	return &stream{t, r.Body, in}
}

// next gives the next event; an empty name at the stream's end.
func (s *stream) next() (event string, data string) {
	for s.in.Scan() {
		switch line := s.in.Text(); {
		case line == "" && event != "":
			return event, data
		case strings.HasPrefix(line, "event: "):
			event = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = line[len("data: "):]
		}
	}
	return "", ""
}

// message gives the next event, which has to be an update.
func (s *stream) message() *message {
	event, data := s.next()
	require.Equal(s.t, "update", event)
	var m message
	require.NoError(s.t, json.Unmarshal([]byte(data), &m))
	return &m
}

// UnmarshalJSON reads null as NaN, for tests.
func (c *column) UnmarshalJSON(text []byte) error {
	var list []*float64
	err := json.Unmarshal(text, &list)
	for _, x := range list {
		if x == nil {
			x = new(math.NaN())
		}
		*c = append(*c, *x)
	}
	return err
}

// TestAddresses listens on each kind of address that needs no other machine.
func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		addr, host string
		token      bool
	}{
		{":0", "127.0.0.1", false}, {"localhost:0", "localhost", false}, {"127.0.0.1:0", "127.0.0.1", false},
		{"0.0.0.0:0", "", true}, {"[::]:0", "", true}, {"[::1]:0", "::1", false},
	} {
		s, err := Listen(c.addr, Options{})
		if err != nil && strings.HasPrefix(c.addr, "[") {
			continue // a machine without IPv6
		}
		require.NoError(t, err, c.addr)
		u, err := url.Parse(s.URL())
		require.NoError(t, err)
		if c.host != "" {
			require.Equal(t, c.host, u.Hostname())
		}
		require.Equal(t, c.token, u.Query().Get("token") != "", s.URL())
		require.NotEqual(t, "0", u.Port())
		require.NoError(t, s.Close())
	}
	for _, addr := range []string{"", "8080", "localhost", ":http:", ":99999", "256.256.256.256:0"} {
		_, err := Listen(addr, Options{})
		require.ErrorContains(t, err, `"`+addr+`"`)
		require.ErrorContains(t, err, "web: ")
	}
	s := start(t, Options{}, quick())
	_, err := Listen(s.http.Addr, Options{})
	var op *net.OpError
	require.ErrorAs(t, err, &op) // taken
}

// TestTokenOnAllInterfaces asks a server that listens on all interfaces, by its loopback one.
func TestTokenOnAllInterfaces(t *testing.T) {
	s, err := Listen("0.0.0.0:0", Options{})
	require.NoError(t, err)
	defer s.Close()
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	for query, want := range map[string]int{u.RawQuery: 200, "": 401} {
		u.RawQuery = query
		r, err := client(t).Get(u.String())
		require.NoError(t, err)
		r.Body.Close()
		require.Equal(t, want, r.StatusCode, u.String())
	}
}

// TestEvents follows a run: everything at first, then what changed, no more often than by the tick, and the end.
func TestEvents(t *testing.T) {
	l := quick()
	l.tick = 50 * time.Millisecond
	s := start(t, Options{}, l)
	s.Start(summary.Run{Model: "net"})
	s.Step(summary.Step{Global: 1, Loss: 1})
	s.Step(summary.Step{Global: 2, Loss: 2})
	began := time.Now()
	events := follow(t, client(t), s)
	m := events.message()
	require.Equal(t, "net", m.Run.Model)
	require.Equal(t, column{1, 2}, m.Steps.Columns["loss"])
	require.Empty(t, m.Ranks.List)

	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // steps as fast as they go
		defer close(stopped)
		for g := 3; ; g++ {
			select {
			case <-stop:
				return
			default:
				s.Step(summary.Step{Global: g, Loss: 3})
			}
		}
	}()
	const n = 6
	for range n {
		m = events.message()
		require.Nil(t, m.Run, "told once")
		require.Nil(t, m.Ranks)
	}
	require.GreaterOrEqual(t, time.Since(began), (n-2)*l.tick, "%d events", n)
	close(stop)
	<-stopped
	s.End(summary.End{Outcome: summary.Stopped})
	for m.Now.State != "stopped" {
		m = events.message()
	}
	s.Close()
	event, _ := events.next()
	for event == "update" {
		event, _ = events.next()
	}
	require.Equal(t, "close", event)
	event, _ = events.next()
	require.Empty(t, event, "the stream's end")
}

// TestCloseTellsReaders that the run goes no further.
func TestCloseTellsReaders(t *testing.T) {
	s := start(t, Options{}, quick())
	s.Start(summary.Run{})
	events := follow(t, client(t), s)
	require.Equal(t, "running", events.message().Now.State)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.Equal(t, "interrupted", events.message().Now.State)
	_, err := client(t).Get(s.URL())
	require.Error(t, err)
	s.Step(summary.Step{Global: 1}) // harmless
}

// TestCloseWaitsForNobody: not for a client that says nothing, nor for one in the middle of its request, nor for a
// reader of events, nor for a profile.
func TestCloseWaitsForNobody(t *testing.T) {
	s := start(t, Options{Pprof: true}, quick())
	for _, text := range []string{"", "GET / HT", "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /debug/pprof/profile?seconds=60 HTTP/1.1\r\nHost: localhost\r\n\r\n"} {
		c, err := net.Dial("tcp", s.http.Addr)
		require.NoError(t, err)
		defer c.Close()
		io.WriteString(c, text)
	}
	r, err := client(t).Get(s.URL() + "api/run") // by now the others have been accepted
	require.NoError(t, err)
	r.Body.Close()
	require.NoError(t, s.Close()) // or the test runs into its time limit
}

// TestStreamsAreBounded in number, and a place is free again when a reader leaves.
func TestStreamsAreBounded(t *testing.T) {
	l := quick()
	l.streams = 2
	s, c := start(t, Options{}, l), client(t)
	one, two := follow(t, c, s), follow(t, c, s)
	r, err := c.Get(s.URL() + "events")
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, r.StatusCode)
	require.NotEmpty(t, r.Header.Get("Retry-After"))
	one.body.Close()
	for r.StatusCode != 200 { // until the server has noticed
		r, err = c.Get(s.URL() + "events")
		require.NoError(t, err)
		defer r.Body.Close()
	}
	require.Equal(t, "waiting", two.message().Now.State)
}

// TestConnectionsAreBounded in number: one too many is closed, and a place is free again when one ends.
func TestConnectionsAreBounded(t *testing.T) {
	l := quick()
	l.connections = 2
	s := start(t, Options{}, l)
	ask := func() (net.Conn, error) {
		c, err := net.Dial("tcp", s.http.Addr)
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		io.WriteString(c, "GET /api/run HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_, err = c.Read(make([]byte, 1))
		return c, err
	}
	one, err := ask()
	require.NoError(t, err)
	_, err = ask()
	require.NoError(t, err)
	_, err = ask()
	require.Error(t, err)
	one.Close()
	for err != nil { // until the server has noticed
		_, err = ask()
	}
}

// TestRequestsAreBounded in size and time.
func TestRequestsAreBounded(t *testing.T) {
	l := quick()
	l.header = 50 * time.Millisecond
	s := start(t, Options{}, l)
	c, err := net.Dial("tcp", s.http.Addr)
	require.NoError(t, err)
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: loc") // and no more
	_, err = io.ReadAll(c)
	require.NoError(t, err) // the server ends the connection; else the test runs into its time limit

	r, err := http.NewRequest("GET", s.URL(), nil)
	require.NoError(t, err)
	r.Header.Set("X-Long", strings.Repeat("x", 2*l.headerBytes))
	answer, err := client(t).Do(r)
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, answer.StatusCode)
}

// TestStreamOutlivesLimits of a request: only what is written has to be taken in time.
func TestStreamOutlivesLimits(t *testing.T) {
	l := quick()
	l.header, l.request, l.write, l.ping = 40*time.Millisecond, 40*time.Millisecond, 5*time.Second, 30*time.Millisecond
	s := start(t, Options{}, l)
	events := follow(t, client(t), s)
	events.message()
	for range 6 { // 180 ms, and more
		event, _ := events.next()
		require.Equal(t, "ping", event)
	}
}

// stuck is a connection to a reader that takes nothing: a write lasts until the test lets it fail.
type stuck struct {
	header           http.Header
	deadline         time.Time
	writing, release chan struct{}
}

func (s *stuck) Header() http.Header                 { return s.header }
func (s *stuck) WriteHeader(int)                     {}
func (s *stuck) SetWriteDeadline(at time.Time) error { s.deadline = at; return nil }
func (s *stuck) FlushError() error                   { return nil }
func (s *stuck) Write([]byte) (int, error) {
	close(s.writing)
	<-s.release
	return 0, os.ErrDeadlineExceeded
}

// TestStuckReader: it delays no event, and is cut off at the deadline that its write has.
func TestStuckReader(t *testing.T) {
	s, h := guarded("127.0.0.1", "", false)
	w := &stuck{header: http.Header{}, writing: make(chan struct{}), release: make(chan struct{})}
	r, err := http.NewRequest("GET", "http://localhost/events", nil)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		h.ServeHTTP(w, r)
		close(done)
	}()
	<-w.writing
	for g := range 10_000 { // a step that waited for the reader would wait for ever
		s.Step(summary.Step{Global: g})
	}
	s.Epoch(summary.Epoch{})
	close(w.release)
	<-done
	require.WithinDuration(t, time.Now().Add(s.limits.write), w.deadline, s.limits.write)
}

// TestTogether has a run, readers and the end at once, for the race detector.
func TestTogether(t *testing.T) {
	s, c := start(t, Options{}, quick()), client(t)
	var all sync.WaitGroup
	for range 3 {
		events := follow(t, c, s)
		all.Go(func() {
			for {
				if event, _ := events.next(); event == "close" || event == "" {
					return
				}
			}
		})
		all.Go(func() {
			for {
				r, err := c.Get(s.URL() + "api/history")
				if err != nil {
					return
				}
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
		})
	}
	s.Start(summary.Run{Model: "m"})
	for g := 1; g <= 3000; g++ {
		s.Step(summary.Step{Global: g, Loss: 1, Values: []summary.Value{{Name: "v", Value: 1}}})
		if g%100 == 0 {
			s.Epoch(summary.Epoch{Epoch: g / 100, Global: g, Test: []summary.Value{{Name: "loss", Value: 1}}})
			s.Evaluation(summary.Evaluation{Global: g})
			s.Ranks([]summary.Rank{{Rank: 0, Err: errors.New("gone")}})
			s.Warn(summary.Warning{Text: "w"})
			s.Checkpoint(summary.Checkpoint{Path: "p"})
			time.Sleep(time.Millisecond)
		}
	}
	s.End(summary.End{})
	require.NoError(t, s.Close())
	all.Wait()
}
