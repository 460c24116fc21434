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
// If it fails for whatever reason but a wrong secret or a disagreement, D tries again for as long as Open may take.
// Once A has proved itself D waits for the welcome for as long as that too, so that A, which has given it, can rely on
// D.
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
//	92  16 bytes  drawn once by each Open: tells a rank that tries again from another process of that rank
const (
	helloLen = 108
	proofLen = sha256.Size
	version  = 2

	orderMark = 0x01020304
)

var helloMagic = []byte("TUTTI\x00\x00\x00")

// handshakeTimeout bounds the part of a handshake in which the other side has not proved itself: always on the side
// that accepts, so that a silent stranger does not hold a place for long; on the side that dials, of its first try.
var handshakeTimeout = 5 * time.Second // but tests change it

var errGarbage = errors.New("not a Tutti peer")

type hello struct {
	version, order, rank, size, epoch uint32
	job, nonce                        [32]byte
	process                           process
}

// process is the number that an Open has drawn.
type process [16]byte

func newHello(c *Config, me process) (hello, error) {
	h := hello{version: version, rank: uint32(c.Rank), size: uint32(c.Size), epoch: c.Epoch,
		job: sha256.Sum256([]byte(c.Job)), process: me}
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
	b = le.AppendUint32(b, h.epoch)
	return append(b, h.process[:]...)
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
	copy(h.process[:], b[92:])
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

// errOtherRank says that another rank of the job answers than the one that was dialled.
var errOtherRank = fmt.Errorf("%w: the address is another rank's", transport.ErrMismatch)

// dialHandshake is D's side but for the welcome; the peer must be rank want, and prove itself within limit.
// acceptHandshake is A's; it calls spoke when D has said who it is, and returns D's rank and process.
func dialHandshake(ctx context.Context, c *Config, me process, conn net.Conn, want int, limit time.Duration) error {
	defer timeBound(ctx, conn, limit)()
	bound, err := binding(conn)
	if err != nil {
		return err
	}
	ours, err := newHello(c, me)
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
		return fmt.Errorf("%w: rank %d answers at that of rank %d", errOtherRank, theirs.rank, want)
	}
	return nil
}

func acceptHandshake(ctx context.Context, c *Config, me process, conn net.Conn, spoke func()) (rank int, who process,
	err error) {
	defer timeBound(ctx, conn, handshakeTimeout)()
	d := make([]byte, helloLen)
	if _, err := io.ReadFull(conn, d[:len(helloMagic)]); err != nil {
		return 0, who, errGarbage
	}
	if !bytes.Equal(d[:len(helloMagic)], helloMagic) { // do not wait for the rest of what is no hello
		return 0, who, errGarbage
	}
	if _, err := io.ReadFull(conn, d[len(helloMagic):]); err != nil {
		return 0, who, errGarbage
	}
	theirs, err := parseHello(d)
	if err != nil {
		return 0, who, err
	}
	spoke()
	bound, err := binding(conn)
	if err != nil {
		return 0, who, err
	}
	ours, err := newHello(c, me)
	if err != nil {
		return 0, who, err
	}
	a := ours.marshal()
	if _, err := conn.Write(append(bytes.Clone(a), proof(c.Secret, "tutti accept", d, a, bound)...)); err != nil {
		return 0, who, err
	}
	var p [proofLen]byte
	if _, err := io.ReadFull(conn, p[:]); err != nil || !hmac.Equal(p[:], proof(c.Secret, "tutti dial", d, a, bound)) {
		return 0, who, transport.ErrUnauthorized
	}
	if err := ours.compare(&theirs, c); err != nil {
		return 0, who, err
	}
	if int(theirs.rank) <= c.Rank || int(theirs.rank) >= c.Size {
		return 0, who, fmt.Errorf("%w: rank %d dialled rank %d", transport.ErrMismatch, theirs.rank, c.Rank)
	}
	return int(theirs.rank), theirs.process, nil
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

// timeBound makes conn's calls fail when ctx ends or limit is over, until the function it returns is called. A limit of
// 0 is none.
func timeBound(ctx context.Context, conn net.Conn, limit time.Duration) func() {
	if limit > 0 {
		conn.SetDeadline(time.Now().Add(limit))
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return func() {
		if stop() {
			conn.SetDeadline(time.Time{})
		}
	}
}
