//go:build !linux

package tcp

import "net"

// setUserTimeout: TCP_USER_TIMEOUT is Linux's; elsewhere the peer's silence tells, after Config.PeerTimeout.
func setUserTimeout(*net.TCPConn) {}

// unsent: only Linux tells.
func unsent(frameConn) int { return 0 }
