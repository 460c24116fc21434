package lobby

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
)

// conn is a connection that knows whether it was closed.
type conn struct {
	net.Conn
	closed bool
}

func (c *conn) Close() error { c.closed = true; return nil }

func TestLobby(t *testing.T) {
	l := New(3)
	conns := make([]*conn, 8)
	guests := make([]*Guest, 8)
	enter := func(i int) {
		conns[i] = new(conn)
		guests[i] = l.Enter(conns[i])
	}
	closed := func() (which []int) {
		for i, c := range conns {
			if c != nil && c.closed {
				which = append(which, i)
			}
		}
		return which
	}
	for i := range 3 {
		enter(i)
	}
	guests[0].Spoke()
	assert.Empty(t, closed(), "there is room")
	enter(3)
	assert.Equal(t, []int{1}, closed(), "the one that has kept silent longest")
	assert.True(t, guests[2].Leave())
	assert.False(t, guests[2].Leave())
	enter(4)
	assert.Equal(t, []int{1}, closed(), "one has left")
	guests[3].Spoke()
	guests[4].Spoke()
	enter(5)
	assert.Equal(t, []int{0, 1}, closed(), "all have spoken: the one that has been there longest")
	assert.False(t, guests[0].Leave(), "it was closed")
	guests[0].Spoke() // too late
	enter(6)
	assert.Equal(t, []int{0, 1, 5}, closed(), "5 was the only silent one")
	for l.Shed() {
	}
	assert.Equal(t, []int{0, 1, 3, 4, 5, 6}, closed(), "2 has left")
}
