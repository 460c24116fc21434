package tcp

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// FuzzParseAddress writes what it has parsed and parses it again: other white space between TCP addresses is no other
// address.
func FuzzParseAddress(f *testing.F) {
	f.Add([]byte("127.0.0.1:80\nunix host @name"))
	f.Add([]byte("127.0.0.1:\t0\nunix host @name"))
	f.Add([]byte("127.0.0.1:80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseAddress(b)
		if err != nil {
			return
		}
		again, err := parseAddress([]byte(a.String()))
		assert.NoError(t, err)
		assert.Equal(t, a, again)
	})
}

// FuzzRing moves bytes through a ring in steps of any length, and then lets the other side's counter be anything.
func FuzzRing(f *testing.F) {
	f.Add([]byte{3, 200, 7, 255, 255, 1}, uint64(1<<63))
	f.Fuzz(func(t *testing.T, steps []byte, mad uint64) {
		mem := make([]byte, ringHead+256)
		w, r := newRing(mem), newRing(mem)
		var sent, got []byte
		next := byte(0)
		for i, n := range steps {
			if i%2 == 0 {
				b := make([]byte, n)
				for j := range b {
					b[j] = next + byte(j)
				}
				k := w.write(b, w.empty())
				sent, next = append(sent, b[:k]...), next+byte(k)
			} else {
				b := make([]byte, n)
				got = append(got, b[:r.read(b, r.full())]...)
			}
		}
		assert.True(t, bytes.HasPrefix(sent, got), "what comes out is what went in")
		assert.Equal(t, len(sent)-len(got), r.full())
		r.head.Store(mad)
		if full := r.full(); r.sane(full) {
			b := make([]byte, 300)
			assert.Equal(t, full, r.read(b, full))
		}
	})
}
