package tcp

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// The handshake shows each side that the other holds the job's secret, before anything else of what it says is believed.
// D dials, A accepts:
//
//	D → A   helloD
//	A → D   helloA, HMAC-SHA256(secret, "tutti accept" helloD helloA)
//	D → A           HMAC-SHA256(secret, "tutti dial"   helloD helloA)
//	A → D   1 byte: welcome, see carrier.go
//
// Over TLS the proofs cover its channel binding as well, see tls.go.
//
// A hello is fixed in size and carries 32 fresh random bytes, so neither proof can be replayed. What the hellos say is
// compared after the proofs: then a difference is a mistake of one's own and worth an error, not a stranger to ignore.
//
//	 0  8 bytes   "TUTTI" 0 0 0
//	 8  u32       version
//	12  u32       byte order mark, 0x01020304 as the machine writes it (the other numbers are little-endian)
//	16  u32       rank
//	20  u32       size of the world
//	24  32 bytes  SHA-256 of the job's name
//	56  32 bytes  nonce
//	88  u32       epoch
const (
	helloLen = 92
	proofLen = sha256.Size
	version  = 1

	orderMark = 0x01020304
)

var helloMagic = []byte("TUTTI\x00\x00\x00")

// handshakeTimeout bounds one handshake, so that a silent stranger does not hold a place for long.
const handshakeTimeout = 5 * time.Second

var errGarbage = errors.New("not a Tutti peer")

type hello struct {
	version, order, rank, size, epoch uint32
	job, nonce                        [32]byte
}

func newHello(c *Config) (hello, error) {
	h := hello{version: version, rank: uint32(c.Rank), size: uint32(c.Size), epoch: c.Epoch, job: sha256.Sum256([]byte(c.Job))}
	h.order = orderMark
	if _, err := rand.Read(h.nonce[:]); err != nil {
		return h, fmt.Errorf("tcp: nonce: %w", err)
	}
	return h, nil
}

func (h *hello) marshal() []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, helloLen), helloMagic...)
	b = le.AppendUint32(b, h.version)
	b = binary.NativeEndian.AppendUint32(b, h.order)
	b = le.AppendUint32(b, h.rank)
	b = le.AppendUint32(b, h.size)
	b = append(b, h.job[:]...)
	b = append(b, h.nonce[:]...)
	return le.AppendUint32(b, h.epoch)
}

func parseHello(b []byte) (hello, error) {
	if len(b) != helloLen || !bytes.Equal(b[:8], helloMagic) {
		return hello{}, errGarbage
	}
	le := binary.LittleEndian
	h := hello{version: le.Uint32(b[8:]), order: binary.NativeEndian.Uint32(b[12:]), rank: le.Uint32(b[16:]), size: le.Uint32(b[20:])}
	copy(h.job[:], b[24:])
	copy(h.nonce[:], b[56:])
	h.epoch = le.Uint32(b[88:])
	return h, nil
}

func proof(secret []byte, side string, dialer, acceptor, binding []byte) []byte {
	m := hmac.New(sha256.New, secret)
	io.WriteString(m, side)
	m.Write(dialer)
	m.Write(acceptor)
	m.Write(binding)
	return m.Sum(nil)
}

// dialHandshake is D's side but for the welcome; the peer must be rank want. acceptHandshake is A's; it returns the peer's
// rank.
func dialHandshake(ctx context.Context, c *Config, conn net.Conn, want int) error {
	defer timeBound(ctx, conn)()
	bound, err := binding(conn)
	if err != nil {
		return err
	}
	ours, err := newHello(c)
	if err != nil {
		return err
	}
	d := ours.marshal()
	if _, err := conn.Write(d); err != nil {
		return err
	}
	reply := make([]byte, helloLen+proofLen)
	if _, err := io.ReadFull(conn, reply); err != nil {
		return err
	}
	a := reply[:helloLen]
	theirs, err := parseHello(a)
	if err != nil {
		return err
	}
	if !hmac.Equal(reply[helloLen:], proof(c.Secret, "tutti accept", d, a, bound)) {
		return transport.ErrUnauthorized
	}
	if _, err := conn.Write(proof(c.Secret, "tutti dial", d, a, bound)); err != nil {
		return err
	}
	if err := ours.compare(&theirs, c); err != nil {
		return err
	}
	if theirs.rank != uint32(want) {
		return fmt.Errorf("%w: rank %d answers at the address of rank %d", transport.ErrMismatch, theirs.rank, want)
	}
	return nil
}

func acceptHandshake(ctx context.Context, c *Config, conn net.Conn) (rank int, err error) {
	defer timeBound(ctx, conn)()
	d := make([]byte, helloLen)
	if _, err := io.ReadFull(conn, d[:len(helloMagic)]); err != nil {
		return 0, errGarbage
	}
	if !bytes.Equal(d[:len(helloMagic)], helloMagic) { // do not wait for the rest of what is no hello
		return 0, errGarbage
	}
	if _, err := io.ReadFull(conn, d[len(helloMagic):]); err != nil {
		return 0, errGarbage
	}
	theirs, err := parseHello(d)
	if err != nil {
		return 0, err
	}
	bound, err := binding(conn)
	if err != nil {
		return 0, err
	}
	ours, err := newHello(c)
	if err != nil {
		return 0, err
	}
	a := ours.marshal()
	if _, err := conn.Write(append(bytes.Clone(a), proof(c.Secret, "tutti accept", d, a, bound)...)); err != nil {
		return 0, err
	}
	var p [proofLen]byte
	if _, err := io.ReadFull(conn, p[:]); err != nil || !hmac.Equal(p[:], proof(c.Secret, "tutti dial", d, a, bound)) {
		return 0, transport.ErrUnauthorized
	}
	if err := ours.compare(&theirs, c); err != nil {
		return 0, err
	}
	if int(theirs.rank) <= c.Rank || int(theirs.rank) >= c.Size {
		return 0, fmt.Errorf("%w: rank %d dialled rank %d", transport.ErrMismatch, theirs.rank, c.Rank)
	}
	return int(theirs.rank), nil
}

// compare returns an error naming both ranks and the first values in which their hellos differ.
func (h *hello) compare(o *hello, c *Config) error {
	differ := func(what string, theirs, ours any) error {
		return fmt.Errorf("%w: %s: %v on rank %d, %v on rank %d", transport.ErrMismatch, what, theirs, o.rank, ours, h.rank)
	}
	switch {
	case o.version != h.version:
		return differ("protocol version", o.version, h.version)
	case o.order != h.order:
		return differ("byte order mark", fmt.Sprintf("%#08x", o.order), fmt.Sprintf("%#08x", h.order))
	case o.size != h.size:
		return differ("number of ranks", o.size, h.size)
	case o.epoch != h.epoch:
		return differ("epoch", o.epoch, h.epoch)
	case o.job != h.job:
		return differ("job", fmt.Sprintf("another (%x…)", o.job[:4]), fmt.Sprintf("%q (%x…)", c.Job, h.job[:4]))
	}
	return nil
}

// timeBound makes conn's calls fail when ctx ends or the handshake takes too long, until the function it returns is called.
func timeBound(ctx context.Context, conn net.Conn) func() {
	conn.SetDeadline(time.Now().Add(handshakeTimeout))
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return func() {
		if stop() {
			conn.SetDeadline(time.Time{})
		}
	}
}
