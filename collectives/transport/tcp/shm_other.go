//go:build !linux

package tcp

import (
	"errors"
	"io"
	"net"
)

// Shared memory is passed between processes on Linux alone; elsewhere they talk over unix sockets.

const shmAvailable = false

func offerShm(*net.UnixConn) (*shmConn, error) { return nil, errors.ErrUnsupported }

func readWelcome(conn *net.UnixConn) (byte, []byte, error) {
	var b [1]byte
	_, err := io.ReadFull(conn, b[:])
	return b[0], nil, err
}

func unmap([]byte) error { return nil }
