package rendezvous

// One client's conversation with the server, and the keys. A client has one connection, over which it may ask any
// number of things at a time. Its reader does what is asked; answers stand in line for its writer, so that no client
// waits for another that does not listen.

import (
	"bytes"
	"sync"
)

// entry is one key of Set and Get.
type entry struct {
	set     bool
	value   []byte
	waiting []waiter // until it is set
}

// waiter is a Get that waits.
type waiter struct {
	c      *session
	number uint32
}

// session is a client that has met the challenge.
type session struct {
	s       *Server
	w       *wire
	waiting int // Gets that wait; under s.mu

	mu      sync.Mutex
	line    []answer // not written yet
	over    bool     // the writer shall end when these are written
	more    chan struct{}
	written chan struct{} // closed when the writer has ended
}

func newSession(s *Server, w *wire) *session {
	return &session{s: s, w: w, more: make(chan struct{}, 1), written: make(chan struct{})}
}

// read does what the client asks until it goes, or nothing more shall be asked.
func (c *session) read() {
	for {
		body, err := c.w.read()
		if err != nil {
			return
		}
		r, err := parseRequest(body)
		if err != nil {
			return
		}
		c.s.do(c, r)
	}
}

// do answers a request, at once or when its key is set.
func (s *Server) do(c *session, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := answer{r.number, statusRefused, []byte("the store is full")}
	switch r.op {
	case opPropose:
		if _, there := s.proposed[r.key]; !there {
			if !s.admit(r) {
				c.say(full)
				return
			}
			s.proposed[r.key] = bytes.Clone(r.value)
		}
		c.say(answer{r.number, statusOK, s.proposed[r.key]})
	case opSet:
		if !s.admit(r) {
			c.say(full)
			return
		}
		c.say(answer{number: r.number, status: statusOK}) // before anybody can act on the value, and close the server
		s.set(r.key, bytes.Clone(r.value))
	case opGet:
		e := s.entry(r.key)
		if e.set {
			c.say(answer{r.number, statusOK, e.value})
			return
		}
		c.waiting++
		e.waiting = append(e.waiting, waiter{c, r.number})
	}
}

// Set stores value under key, as a client's Set does: for the process that serves the store.
func (s *Server) Set(key string, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(key, bytes.Clone(value))
}

// entry returns the entry of key. s.mu is held.
func (s *Server) entry(key string) *entry {
	e := s.values[key]
	if e == nil {
		e = new(entry)
		s.values[key] = e
	}
	return e
}

// set stores value and answers those who wait for it. s.mu is held.
func (s *Server) set(key string, value []byte) {
	e := s.entry(key)
	e.set, e.value = true, value
	for _, w := range e.waiting {
		w.c.waiting--
		w.c.say(answer{w.number, statusOK, value})
	}
	e.waiting = nil
}

// admit counts what r stores; false if it is too much. s.mu is held.
func (s *Server) admit(r request) bool {
	s.stored += len(r.key) + len(r.value)
	return s.stored <= maxStored
}

// say puts an answer in line.
func (c *session) say(a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.line = append(c.line, a)
	c.nudge()
}

// end lets the writer write what is in line, and end.
func (c *session) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.nudge()
}

func (c *session) nudge() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// write is the writer: what is in line goes out as one piece.
func (c *session) write() {
	defer close(c.written)
	var out, body []byte
	for range c.more {
		c.mu.Lock()
		line, over := c.line, c.over
		c.line = nil
		c.mu.Unlock()
		out = out[:0]
		for _, a := range line {
			body = a.append(body[:0])
			out = c.w.append(out, body)
		}
		if len(out) > 0 {
			if _, err := c.w.conn.Write(out); err != nil {
				c.w.conn.Close() // so that the reader ends too
				for !over {
					<-c.more
					c.mu.Lock()
					over, c.line = c.over, nil
					c.mu.Unlock()
				}
				return
			}
		}
		if over {
			return
		}
	}
}
