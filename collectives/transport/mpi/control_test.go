//go:build mpi && cgo && !windows

package mpi

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/transport"
)

func TestControlMessages(t *testing.T) {
	for _, c := range []struct {
		name  string
		cause error
		lost  int
		text  string
	}{
		{"own fault", errors.New("the loss is NaN"), 3, "rank 3 lost: rank 3 gave up: the loss is NaN"},
		{"another's", &transport.PeerLostError{Rank: 70_000, Err: errors.New("frozen")}, 70_000,
			"rank 70000 lost: rank 3 gave up: rank 70000 lost: frozen"},
		{"mismatch", fmt.Errorf("lengths: %w", transport.ErrMismatch), 3, "rank 3 lost: rank 3 gave up: ranks disagree: lengths: ranks disagree"},
		{"a long story", errors.New(strings.Repeat("x", 2*controlLen)), 3, strings.Repeat("x", controlLen-6)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := encodeControl(controlAbort, 3, c.cause)
			require.LessOrEqual(t, len(m), controlLen)
			kind, err := decodeControl(m, 3)
			assert.Equal(t, controlAbort, kind)
			var lost *transport.PeerLostError
			require.ErrorAs(t, err, &lost)
			assert.Equal(t, c.lost, lost.Rank)
			assert.ErrorContains(t, err, c.text)
			assert.Equal(t, errors.Is(c.cause, transport.ErrMismatch), errors.Is(err, transport.ErrMismatch))
		})
	}
}

func FuzzDecodeControl(f *testing.F) {
	f.Add(encodeControl(controlClose, 1, nil))
	f.Add(encodeControl(controlAbort, 1, transport.ErrMismatch))
	f.Add([]byte{2, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, m []byte) {
		kind, err := decodeControl(m, 1)
		if kind == controlAbort && !errors.Is(err, transport.ErrPeerLost) {
			t.Fatalf("%x is an abort with the error %v", m, err)
		}
	})
}
