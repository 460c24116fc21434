package tcp_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// Groups work over TLS, and nothing they send can be read on the way.
func TestTLS(t *testing.T) {
	const secretText = "what nobody else shall read"
	var mu sync.Mutex
	var wire bytes.Buffer
	store := proxyStore{transport.NewMemStore(), t, func(_ bool, _ int, b []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		wire.Write(b)
		return true
	}}
	ts := open(t, 2, func(c *tcp.Config) { c.TLS, c.Carrier, c.Store = true, tcp.TCP, proxyStore{c.Store, t, store.spoil} })
	var wg sync.WaitGroup
	for r, e := range ts {
		wg.Go(func() {
			g, err := collectives.New(e, collectives.Config{})
			assert.NoError(t, err)
			buf := make([]uint8, 1<<20)
			if r == 0 {
				copy(buf, secretText)
			}
			assert.NoError(t, collectives.AllReduce(t.Context(), g, buf, collectives.Sum))
			assert.Equal(t, secretText, string(buf[:len(secretText)]))
		})
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	assert.Greater(t, wire.Len(), 1<<20)
	assert.NotContains(t, wire.String(), secretText)
	assert.NotContains(t, wire.String(), "TUTTI", "not even the hello")
}

// Somebody who terminates TLS on both sides and passes on what is inside, proofs included, gets nowhere: the proofs
// belong to another connection.
func TestTLSManInTheMiddle(t *testing.T) {
	inner := transport.NewMemStore()
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for r := range 2 {
		wg.Go(func() {
			_, errs[r] = tcp.Open(t.Context(), tcp.Config{Rank: r, Size: 2, Store: middleStore{inner, t}, Secret: []byte("s"), TLS: true,
				Carrier: tcp.TCP, OpenTimeout: time.Second})
		})
	}
	wg.Wait()
	assert.ErrorIs(t, errs[1], transport.ErrUnauthorized)
	assert.ErrorIs(t, errs[0], transport.ErrTimeout)
}

// middleStore hands out the address of a man in the middle.
type middleStore struct {
	transport.Store
	t *testing.T
}

func (s middleStore) Get(ctx context.Context, key string) ([]byte, error) {
	to, err := s.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	key2, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(s.t, err)
	about := &x509.Certificate{SerialNumber: big.NewInt(2)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key2.PublicKey, key2)
	require.NoError(s.t, err)
	conf := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key2}}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	go func() {
		defer ln.Close()
		in, err := ln.Accept()
		if err != nil {
			return
		}
		a := tls.Server(in, conf)
		b, err := tls.Dial("tcp", string(to), conf)
		if err != nil {
			in.Close()
			return
		}
		go func() {
			io.Copy(a, b)
			a.Close()
		}()
		io.Copy(b, a)
		b.Close()
	}()
	return []byte(ln.Addr().String()), nil
}

func TestTLSWantsASecret(t *testing.T) {
	err := tcp.Config{Size: 2, Store: transport.NewMemStore(), TLS: true}.Validate()
	assert.ErrorContains(t, err, "tcp: Config.Secret: none: want a secret")
}
