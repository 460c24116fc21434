package rendezvous

// What the frames of the TCP store say: requests and answers. A client may ask many things before the first is
// answered, in any order: an answer repeats the number of its request.
//
//	request   number u32 little-endian · op u8 · key length u16 · key · value (op set, propose)
//	answer    number u32 · status u8 · value (status ok) or a text (status refused)

import (
	"encoding/binary"
	"fmt"
)

const (
	maxKey   = 256        // bytes of a key
	maxValue = 64<<10 - 1 // bytes of a value
)

const (
	opSet byte = 1 + iota
	opGet
	opPropose
)

var opNames = map[byte]string{opSet: "set", opGet: "get", opPropose: "propose"}

const (
	statusOK    byte = 1 + iota
	statusAlive      // number 0: the server lives, and some key that was asked for is not set yet
	statusRefused
	statusClosed // number 0: the server has ended in good order
)

// request is what a client asks.
type request struct {
	number uint32
	op     byte
	key    string
	value  []byte
}

func (r request) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, r.number)
	b = append(b, r.op)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(r.key)))
	b = append(b, r.key...)
	return append(b, r.value...)
}

// check refuses what does not fit a request.
func (r request) check() error {
	switch {
	case r.key == "":
		return fmt.Errorf("rendezvous: the key is empty")
	case len(r.key) > maxKey:
		return fmt.Errorf("rendezvous: a key of %d bytes, more than %d", len(r.key), maxKey)
	case len(r.value) > maxValue:
		return fmt.Errorf("rendezvous: key %q: a value of %d bytes, more than %d", r.key, len(r.value), maxValue)
	}
	return nil
}

const requestHead = 7 // bytes before the key

// parseRequest reads the body of a frame. The value is a part of b.
func parseRequest(b []byte) (request, error) {
	if len(b) < requestHead {
		return request{}, fmt.Errorf("rendezvous: a request of %d bytes, fewer than %d", len(b), requestHead)
	}
	r := request{number: binary.LittleEndian.Uint32(b), op: b[4]}
	if r.op < opSet || r.op > opPropose {
		return request{}, fmt.Errorf("rendezvous: operation %d is none", r.op)
	}
	n := int(binary.LittleEndian.Uint16(b[5:]))
	if b = b[requestHead:]; n > len(b) {
		return request{}, fmt.Errorf("rendezvous: a key of %d bytes in %d", n, len(b))
	}
	r.key, r.value = string(b[:n]), b[n:]
	if r.op == opGet && len(r.value) > 0 {
		return request{}, fmt.Errorf("rendezvous: %d bytes after the key of a get", len(r.value))
	}
	return r, r.check()
}

// answer is what the server says.
type answer struct {
	number uint32
	status byte
	value  []byte
}

func (a answer) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, a.number)
	b = append(b, a.status)
	return append(b, a.value...)
}

// parseAnswer reads the body of a frame. The value is a part of b.
func parseAnswer(b []byte) (answer, error) {
	if len(b) < 5 || b[4] < statusOK || b[4] > statusClosed {
		return answer{}, fmt.Errorf("rendezvous: an answer of %d bytes makes no sense", len(b))
	}
	return answer{binary.LittleEndian.Uint32(b), b[4], b[5:]}, nil
}
