package tensorboard_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// message is a protocol buffer that was taken apart: the values of each field, numbers and bytes.
type message struct {
	numbers map[int]uint64
	bytes   map[int][][]byte
}

func decode(t *testing.T, b []byte) message {
	t.Helper()
	m := message{map[int]uint64{}, map[int][][]byte{}}
	varint := func() uint64 {
		v, n := binary.Uvarint(b)
		require.Positive(t, n)
		b = b[n:]
		return v
	}
	for len(b) > 0 {
		key := varint()
		field := int(key >> 3)
		switch key & 7 {
		case 0:
			m.numbers[field] = varint()
		case 1:
			m.numbers[field], b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			n := varint()
			m.bytes[field], b = append(m.bytes[field], b[:n]), b[n:]
		case 5:
			m.numbers[field], b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			require.Fail(t, "wire type", "%d", key&7)
		}
	}
	return m
}

// events gives the events of a file, whose checksums must be right.
func events(t *testing.T, path string) (all []message) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	check := func(p []byte, masked uint32) {
		c := masked - 0xa282ead8
		require.Equal(t, crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)), c<<15|c>>17)
	}
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		check(b[:8], binary.LittleEndian.Uint32(b[8:]))
		check(b[12:12+n], binary.LittleEndian.Uint32(b[12+n:]))
		all = append(all, decode(t, b[12:12+n]))
		b = b[16+n:]
	}
	return all
}

// values gives the values of an event's summary.
func (m message) values(t *testing.T) (all []message) {
	t.Helper()
	for _, s := range m.bytes[5] {
		for _, v := range decode(t, s).bytes[1] {
			all = append(all, decode(t, v))
		}
	}
	return all
}
