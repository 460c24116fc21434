package tcp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"time"
)

// With Config.TLS, connections over TCP are encrypted and sealed by TLS 1.3. There are no certificates to manage: each rank
// makes one that nobody else knows, and nobody verifies it. Who the peer is, the handshake of handshake.go shows: its
// proofs cover a value that both ends of a TLS connection, and nobody between two of them, derive from its keys (RFC 8446,
// section 7.5, and RFC 9266).

const bindingLabel, bindingLen = "EXPORTER-Channel-Binding", 32

// tlsConfig returns a configuration with a new certificate.
func tlsConfig() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		Certificates:       []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		InsecureSkipVerify: true, // see above

		SessionTicketsDisabled: true,
	}, nil
}

// secure returns conn, or TLS over it where it is TCP's and the configuration wants that.
func (m *meeting) secure(ctx context.Context, conn net.Conn, side func(net.Conn, *tls.Config) *tls.Conn,
	limit time.Duration) (net.Conn, error) {
	if _, ok := conn.(*net.TCPConn); !ok || m.tls == nil {
		return conn, nil
	}
	defer timeBound(ctx, conn, limit)()
	c := side(conn, m.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return c, nil
}

// binding returns the value that ties proofs to a TLS connection; none for others.
func binding(conn net.Conn) ([]byte, error) {
	c, ok := conn.(*tls.Conn)
	if !ok {
		return nil, nil
	}
	state := c.ConnectionState()
	return state.ExportKeyingMaterial(bindingLabel, nil, bindingLen)
}
