package rendezvous

// The wire of the TCP store: a mutual challenge, then authenticated frames. Before the challenge is met neither side
// reads more than a fixed 72 bytes of the other or parses any of them.
//
//	client → server   magic[8] nonceC[32]
//	server → client   magic[8] nonceS[32] HMAC(secret, "server" nonceC nonceS)[32]
//	client → server   HMAC(secret, "client" nonceC nonceS)[32]
//
// after which each direction carries frames: length u32 little-endian, body, HMAC(key, sequence u64, length, body)[32],
// where key = HMAC(secret, role nonceC nonceS "frames") of the frame's sender. So nobody without the secret can be a
// client or a server, repeat an old conversation, or put words into this one. Nothing is encrypted.

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

const (
	magic    = "tuttiKV2"
	nonceLen = 32
	macLen   = sha256.Size

	// maxFrame bounds the body of a frame: an operation, a key and a value.
	maxFrame = 16 + maxKey + maxValue
)

// handshakeTimeout bounds the challenge on the server, and on a client that tries for the first time; it tries again.
const handshakeTimeout = 5 * time.Second

var errFrame = errors.New("rendezvous: frame is not authentic or out of order")

// wire is one authenticated connection. One goroutine may read while another writes.
type wire struct {
	conn    net.Conn
	r       *bufio.Reader
	in, out sealer
}

// sealer computes the MACs of the frames of one direction.
type sealer struct {
	mac hash.Hash
	seq uint64
}

func (s *sealer) sum(head, body []byte) []byte {
	s.mac.Reset()
	s.mac.Write(binary.LittleEndian.AppendUint64(nil, s.seq))
	s.mac.Write(head)
	s.mac.Write(body)
	s.seq++
	return s.mac.Sum(nil)
}

// proof is the HMAC with which a role shows that it holds the secret.
func proof(secret []byte, role string, nonceC, nonceS []byte, purpose string) []byte {
	m := hmac.New(sha256.New, secret)
	io.WriteString(m, role)
	m.Write(nonceC)
	m.Write(nonceS)
	io.WriteString(m, purpose)
	return m.Sum(nil)
}

// newWire makes the authenticated connection that a met challenge allows.
func newWire(conn net.Conn, secret, nonceC, nonceS []byte, server bool) *wire {
	seal := func(role string) sealer {
		return sealer{mac: hmac.New(sha256.New, proof(secret, role, nonceC, nonceS, "frames"))}
	}
	w := &wire{conn: conn, r: bufio.NewReader(conn), in: seal("server"), out: seal("client")}
	if server {
		w.in, w.out = w.out, w.in
	}
	return w
}

// clientHandshake meets the challenge from the side that dialled. It returns ErrUnauthorized if the server does not hold
// the secret, or closes the connection because it thinks so of us.
func clientHandshake(conn net.Conn, secret []byte) (*wire, error) {
	hello := make([]byte, len(magic)+nonceLen)
	copy(hello, magic)
	nonceC := hello[len(magic):]
	rand.Read(nonceC)
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	answer := make([]byte, len(magic)+nonceLen+macLen)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, err
	}
	if string(answer[:len(magic)]) != magic {
		return nil, fmt.Errorf("who answers is no store of this kind: %w", transport.ErrUnauthorized)
	}
	nonceS, theirs := answer[len(magic):][:nonceLen], answer[len(magic)+nonceLen:]
	if !hmac.Equal(theirs, proof(secret, "server", nonceC, nonceS, "")) {
		return nil, transport.ErrUnauthorized
	}
	if _, err := conn.Write(proof(secret, "client", nonceC, nonceS, "")); err != nil {
		return nil, err
	}
	return newWire(conn, secret, nonceC, nonceS, false), nil
}

// serverHandshake meets the challenge from the side that accepted. It calls spoke when the client has sent a challenge.
func serverHandshake(conn net.Conn, secret []byte, spoke func()) (*wire, error) {
	hello := make([]byte, len(magic)+nonceLen)
	if _, err := io.ReadFull(conn, hello); err != nil {
		return nil, err
	}
	if string(hello[:len(magic)]) != magic {
		return nil, transport.ErrUnauthorized
	}
	spoke()
	nonceC := hello[len(magic):]
	answer := make([]byte, len(magic)+nonceLen, len(magic)+nonceLen+macLen)
	copy(answer, magic)
	nonceS := answer[len(magic):]
	rand.Read(nonceS)
	answer = append(answer, proof(secret, "server", nonceC, nonceS, "")...)
	if _, err := conn.Write(answer); err != nil {
		return nil, err
	}
	theirs := make([]byte, macLen)
	if _, err := io.ReadFull(conn, theirs); err != nil {
		return nil, err
	}
	if !hmac.Equal(theirs, proof(secret, "client", nonceC, nonceS, "")) {
		return nil, transport.ErrUnauthorized
	}
	return newWire(conn, secret, nonceC, nonceS, true), nil
}

// append appends to b the next frame, which must be the next to be sent.
func (w *wire) append(b, body []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, body...)
	return append(b, w.out.sum(b[at:at+4], body)...)
}

// write sends one frame.
func (w *wire) write(body []byte) error {
	_, err := w.conn.Write(w.append(nil, body))
	return err
}

// read receives one frame and returns its body, which the caller owns.
func (w *wire) read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(w.r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxFrame {
		return nil, errFrame
	}
	frame := make([]byte, int(n)+macLen)
	if _, err := io.ReadFull(w.r, frame); err != nil {
		return nil, err
	}
	body := frame[:n]
	if !hmac.Equal(frame[n:], w.in.sum(head[:], body)) {
		return nil, errFrame
	}
	return body, nil
}
