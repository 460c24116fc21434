package tensorboard

import (
	"encoding/binary"
	"math"
)

// Protocol buffers, as far as events need them: a message is its fields one after the other, each a key (number of the
// field << 3 | wire type) and a value. Fields are written in the order of their numbers, as protobuf's own
// serialisers do, and those that are zero are left out.
// Source: https://protobuf.dev/programming-guides/encoding/

const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func appendKey(b []byte, field, wire int) []byte {
	return binary.AppendUvarint(b, uint64(field<<3|wire))
}

// appendInt appends an int32, int64, enum or bool. A negative one takes ten bytes.
func appendInt(b []byte, field int, v int64) []byte {
	if v == 0 {
		return b
	}
	return binary.AppendUvarint(appendKey(b, field, wireVarint), uint64(v))
}

func appendDouble(b []byte, field int, v float64) []byte {
	if math.Float64bits(v) == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint64(appendKey(b, field, wireFixed64), math.Float64bits(v))
}

// appendOneFloat appends a float that is a member of a oneof: it is written even if it is 0.
func appendOneFloat(b []byte, field int, v float32) []byte {
	return binary.LittleEndian.AppendUint32(appendKey(b, field, wireFixed32), math.Float32bits(v))
}

// appendOneDouble is appendOneFloat for a double.
func appendOneDouble(b []byte, field int, v float64) []byte {
	return binary.LittleEndian.AppendUint64(appendKey(b, field, wireFixed64), math.Float64bits(v))
}

// appendOneString appends a string that is a member of a oneof, or of a list: it is written even if it is empty.
func appendOneString[S ~string | ~[]byte](b []byte, field int, s S) []byte {
	b = binary.AppendUvarint(appendKey(b, field, wireBytes), uint64(len(s)))
	return append(b, s...)
}

func appendString[S ~string | ~[]byte](b []byte, field int, s S) []byte {
	if len(s) == 0 {
		return b
	}
	return appendOneString(b, field, s)
}

// appendDoubles appends a packed list.
func appendDoubles(b []byte, field int, v []float64) []byte {
	if len(v) == 0 {
		return b
	}
	b = binary.AppendUvarint(appendKey(b, field, wireBytes), uint64(8*len(v)))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// open begins a message within a message. The caller appends its fields and hands the result to shut, with at.
func open(b []byte, field int) (_ []byte, at int) {
	b = appendKey(b, field, wireBytes)
	return b, len(b)
}

// shut ends the message that began at at: its length goes in front of it.
func shut(b []byte, at int) []byte {
	var length [binary.MaxVarintLen64]byte
	size := len(b) - at
	n := binary.PutUvarint(length[:], uint64(size))
	b = append(b, length[:n]...)
	copy(b[at+n:], b[at:at+size])
	copy(b[at:], length[:n])
	return b
}
