package rendezvous

// What the frames of the TCP store say: requests and answers.
//
//	request   op u8 · key length u16 little-endian · key · value (op set, propose)
//	answer    status u8 · value (status ok) or a text (status refused)

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

const (
	statusOK      byte = 1 + iota
	statusPending      // the key is not set yet: ask again
	statusRefused
)

// request is what a client asks.
type request struct {
	op    byte
	key   string
	value []byte
}

func (r request) append(b []byte) []byte {
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

// parseRequest reads the body of a frame. The value is a part of b.
func parseRequest(b []byte) (request, error) {
	if len(b) < 3 {
		return request{}, fmt.Errorf("rendezvous: a request of %d bytes, fewer than 3", len(b))
	}
	r := request{op: b[0]}
	if r.op < opSet || r.op > opPropose {
		return request{}, fmt.Errorf("rendezvous: operation %d is none", r.op)
	}
	n := int(binary.LittleEndian.Uint16(b[1:]))
	if b = b[3:]; n > len(b) {
		return request{}, fmt.Errorf("rendezvous: a key of %d bytes in %d", n, len(b))
	}
	r.key, r.value = string(b[:n]), b[n:]
	if r.op == opGet && len(r.value) > 0 {
		return request{}, fmt.Errorf("rendezvous: %d bytes after the key of a get", len(r.value))
	}
	return r, r.check()
}
