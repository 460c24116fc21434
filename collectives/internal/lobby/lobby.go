// Package lobby is where connections wait that have not proved themselves yet. There is room for a bounded number; when
// one more comes, the one that has kept silent longest is closed, so that strangers, however many, keep nobody out: a
// peer speaks as soon as it is connected.
package lobby

import (
	"container/list"
	"net"
	"sync"
)

// Lobby holds the connections. It may be used by many goroutines at once.
type Lobby struct {
	max int

	mu             sync.Mutex
	silent, spoken list.List // of *Guest, the longest there first
}

// Guest is one connection in the lobby.
type Guest struct {
	l    *Lobby
	conn net.Conn
	in   *list.List // where at is an element; nil: has left, or was closed
	at   *list.Element
}

// New returns a lobby with room for max connections, at least 1.
func New(max int) *Lobby { return &Lobby{max: max} }

// Enter takes conn in. If the lobby is full it closes the connection that has been there longest without a word or, if
// all have spoken, the one that has been there longest.
func (l *Lobby) Enter(conn net.Conn) *Guest {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent.Len()+l.spoken.Len() >= l.max {
		l.shed()
	}
	g := &Guest{l: l, conn: conn}
	g.move(&l.silent)
	return g
}

// Spoke takes note that g has said who it is, though not proved it: the silent ones go first from now on.
func (g *Guest) Spoke() {
	g.l.mu.Lock()
	defer g.l.mu.Unlock()
	if g.in == &g.l.silent {
		g.move(&g.l.spoken)
	}
}

// Leave ends g's stay: its connection has proved itself, or is of no use. It returns false if the connection was closed
// to make room.
func (g *Guest) Leave() bool {
	g.l.mu.Lock()
	defer g.l.mu.Unlock()
	if g.in == nil {
		return false
	}
	g.move(nil)
	return true
}

// move takes g from its list to another, or to none. l.mu is held.
func (g *Guest) move(to *list.List) {
	if g.in != nil {
		g.in.Remove(g.at)
	}
	if g.in = to; to != nil {
		g.at = to.PushBack(g)
	}
}

// Shed closes the connection that Enter would close for another; false if there is none.
func (l *Lobby) Shed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shed()
}

// shed is Shed. l.mu is held.
func (l *Lobby) shed() bool {
	first := l.silent.Front()
	if first == nil {
		first = l.spoken.Front()
	}
	if first == nil {
		return false
	}
	g := first.Value.(*Guest)
	g.move(nil)
	g.conn.Close()
	return true
}
