//go:build mpi && cgo && !windows

package mpi

// Control messages: how a rank tells all others that it closes, or that the job cannot go on. They travel on a
// communicator of their own, on which every rank always has a receive open.
//
//	kind u8 · mismatch u8 (1 if the cause is ErrMismatch) · rank i32 little-endian (who is lost) · text of the cause

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

const (
	controlClose byte = 1 + iota
	controlAbort
)

// controlLen bounds a control message.
const controlLen = 1024

// tell sends every other rank a control message.
func (w *world) tell(kind byte, cause error) {
	for r := range w.size {
		if r == w.rank {
			continue
		}
		b := w.block()
		n := copy(b.b[:min(controlLen, len(b.b))], encodeControl(kind, w.rank, cause))
		i := w.slot(slot{b: b})
		if err := controlSend(i, b, n, r); err != nil {
			w.release(i) // that rank is beyond reach; it will notice by itself
			w.blocks = append(w.blocks, b)
			continue
		}
		w.outgoing++
	}
}

// listen opens the receive for the next control message.
func (w *world) listen() error {
	b := w.block()
	w.listening = w.slot(slot{b: b})
	return controlRecv(w.listening, b, min(controlLen, len(b.b)))
}

// control takes note of a control message that has come or gone.
func (w *world) control(f finish) {
	i := int(f.slot)
	b := w.slots[i].b
	w.release(i)
	defer func() { w.blocks = append(w.blocks, b) }()
	if i != w.listening {
		w.outgoing--
		return
	}
	w.listening = -1
	if f.cancelled != 0 {
		return
	}
	from := int(f.source)
	kind, err := decodeControl(b.b[:f.count], from)
	switch kind {
	case controlClose:
		w.gone[from] = true
		for _, s := range w.slots {
			if s.op != nil && s.op.stream().peer == from {
				s.op.hopeless = time.Now().Add(goodbye)
			}
		}
	case controlAbort:
		w.told.Store(true)
		w.fail(err)
	}
	if err := w.listen(); err != nil {
		w.fail(err)
	}
}

// encodeControl writes the message with which rank tells that it ends, because of cause.
func encodeControl(kind byte, rank int, cause error) []byte {
	m := []byte{kind, 0}
	if errors.Is(cause, transport.ErrMismatch) {
		m[1] = 1
	}
	var lost *transport.PeerLostError
	if errors.As(cause, &lost) {
		rank = lost.Rank
	}
	m = binary.LittleEndian.AppendUint32(m, uint32(rank))
	if cause != nil {
		m = append(m, cause.Error()...)
	}
	return m[:min(len(m), controlLen)]
}

// decodeControl reads a message from a rank; for an abort, as the error that its receivers' calls return.
func decodeControl(m []byte, from int) (kind byte, err error) {
	if len(m) < 6 {
		return 0, nil
	}
	lost, text := int(binary.LittleEndian.Uint32(m[2:])), string(m[6:])
	cause := fmt.Errorf("rank %d gave up: %s", from, text)
	if m[1] == 1 {
		cause = fmt.Errorf("rank %d gave up: %w: %s", from, transport.ErrMismatch, text)
	}
	return m[0], &transport.PeerLostError{Rank: lost, Err: cause}
}
