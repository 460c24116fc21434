package tcp_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// elsewhere is a store through which every address seems to be of another host.
type elsewhere struct{ transport.Store }

func (s elsewhere) Get(ctx context.Context, key string) ([]byte, error) {
	b, err := s.Store.Get(ctx, key)
	return bytes.Replace(b, []byte("\nunix "), []byte("\nunix far-"), 1), err
}

// liar is one through which the unix socket is not there, though the host is the same: another container, say.
type liar struct{ transport.Store }

func (s liar) Get(ctx context.Context, key string) ([]byte, error) {
	b, err := s.Store.Get(ctx, key)
	return append(bytes.Clone(b), "-not"...), err
}

func TestCarrierFallsBackToTCP(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: TCP is the only carrier of Windows")
	}
	for name, through := range map[string]func(transport.Store) transport.Store{
		"other host":      func(s transport.Store) transport.Store { return elsewhere{s} },
		"other container": func(s transport.Store) transport.Store { return liar{s} },
	} {
		t.Run(name, func(t *testing.T) {
			ts := open(t, 2, func(c *tcp.Config) { c.Store = through(c.Store) })
			assert.Equal(t, tcp.TCP, ts[0].Carrier(1))
			assert.Equal(t, tcp.TCP, ts[1].Carrier(0))
			go ts[1].Send(t.Context(), 0, 1, []byte("hello"))
			got := make([]byte, 5)
			require.NoError(t, ts[0].Recv(t.Context(), 1, 1, got))
		})
		t.Run(name+", forced", func(t *testing.T) {
			store := through(transport.NewMemStore())
			errs := make(chan error, 2)
			for r := range 2 {
				go func() {
					_, err := tcp.Open(t.Context(), tcp.Config{Rank: r, Size: 2, Store: store, Carrier: tcp.Unix, OpenTimeout: 300 * time.Millisecond})
					errs <- err
				}()
			}
			assert.Error(t, <-errs)
			assert.Error(t, <-errs)
		})
	}
}

func TestCarriers(t *testing.T) {
	auto := carriers()[len(carriers())-1]
	assert.Equal(t, auto, open(t, 2, nil)[0].Carrier(1), "the best there is")
	for _, carrier := range carriers() {
		ts := open(t, 3, func(c *tcp.Config) { c.Carrier = carrier })
		for r, e := range ts {
			assert.Equal(t, carrier, e.Carrier((r+1)%3))
		}
	}
	err := tcp.Config{Size: 1, Carrier: "pigeon"}.Validate()
	assert.ErrorContains(t, err, `tcp: Config.Carrier: "pigeon": want`)
}

// Messages of every length arrive whole over every carrier, both ways at once, with and without looking before sleeping.
func TestCarriersMoveEveryLength(t *testing.T) {
	for _, carrier := range carriers() {
		for _, spin := range []time.Duration{-1, 50 * time.Microsecond} {
			t.Run(string(carrier)+" "+spin.String(), func(t *testing.T) {
				ts := open(t, 2, func(c *tcp.Config) { c.Carrier, c.Spin = carrier, spin })
				for _, n := range []int{0, 1, 31, 4096, 20<<10 - 1, 20<<10 + 1, 512<<10 - 1, 512<<10 + 1, 1<<20 - 32, 3<<20 + 7} {
					ends := make(chan error, 2)
					for r, e := range ts {
						go func() {
							out, in := bytes.Repeat([]byte{byte(r + 1), byte(n), 3}, n/3+1)[:n], make([]byte, n)
							err := e.SendRecv(t.Context(), 1-r, 5, out, 1-r, 5, in)
							if want := bytes.Repeat([]byte{byte(2 - r), byte(n), 3}, n/3+1)[:n]; !bytes.Equal(in, want) {
								err = io.ErrShortBuffer
							}
							ends <- err
						}()
					}
					require.NoError(t, <-ends, "%d bytes", n)
					require.NoError(t, <-ends, "%d bytes", n)
				}
			})
		}
	}
}
