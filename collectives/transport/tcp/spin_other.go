//go:build !linux && !darwin

package tcp

import "net"

// newSocket: nobody spins on these systems.
func newSocket(conn net.Conn, _ patience) frameConn { return plain{Conn: conn} }
