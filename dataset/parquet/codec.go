package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The codecs.
const (
	codecNone = iota
	codecSnappy
	codecGzip
	codecLZO
	codecBrotli
	codecLZ4 // Hadoop's frames, or blocks as LZ4_RAW
	codecZstd
	codecLZ4Raw
)

// decompress appends to dst what src holds, which must be size bytes. It does not call for memory that the codec
// could not fill from src.
func decompress(codec int, dst, src []byte, size int) ([]byte, error) {
	var err error
	switch from := len(dst); codec {
	case codecNone:
		dst = append(dst, src...)
	case codecSnappy: // at most 64 bytes from a copy of 3
		if n, err := snappy.DecodedLen(src); err != nil || n != size || size > 32*len(src)+64 {
			return dst, fmt.Errorf("%d bytes of Snappy, want %d: %w", n, size, snappy.ErrCorrupt)
		}
		dst = grow(dst, size)
		if _, err = snappy.Decode(dst[from:], src); err != nil {
			return dst, err
		}
	case codecLZ4Raw:
		dst, err = appendLZ4(dst, src, size)
	case codecLZ4:
		if dst, err = appendHadoopLZ4(dst, src, size); err != nil {
			dst, err = appendLZ4(dst[:from], src, size)
		}
	case codecGzip:
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(src)); err == nil {
			dst, err = inflate(dst, r, size, 8*len(src))
		}
	case codecBrotli:
		dst, err = inflate(dst, brotli.NewReader(bytes.NewReader(src)), size, 8*len(src))
	case codecZstd:
		dst, err = appendZstd(dst, src, size)
	default:
		return dst, fmt.Errorf("codec %d, which is not supported", codec)
	}
	return dst, err
}

// grow makes dst n bytes longer, and does not clear them.
func grow(dst []byte, n int) []byte {
	if n <= cap(dst)-len(dst) {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]byte, n)...)
}

// inflate appends size bytes of r, in steps that double from guess, and checks that there are no more.
func inflate(dst []byte, r io.Reader, size, guess int) ([]byte, error) {
	end := len(dst) + size
	for step := max(guess, 64<<10); len(dst) < end; step = len(dst) {
		from := len(dst)
		dst = grow(dst, min(step, end-from))
		n, err := io.ReadFull(r, dst[from:])
		if err != nil {
			return dst[:from+n], fmt.Errorf("%d bytes decompressed, want %d: %w", size-end+from+n, size, err)
		}
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 {
		return dst, fmt.Errorf("more than %d bytes decompressed", size)
	} else if err != io.EOF {
		return dst, err
	}
	return dst, nil
}

func appendLZ4(dst, src []byte, size int) ([]byte, error) {
	if size > 255*len(src)+64 {
		return dst, fmt.Errorf("%d bytes from %d of LZ4", size, len(src))
	}
	from := len(dst)
	dst = grow(dst, size)
	n, err := lz4.UncompressBlock(src, dst[from:])
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes decompressed, want %d", n, size)
	}
	return dst, err
}

var errHadoop = errors.New("no frames of Hadoop's LZ4")

// appendHadoopLZ4 reads the deprecated codec: frames of two big-endian lengths, before and after compression, and a
// block.
func appendHadoopLZ4(dst, src []byte, size int) ([]byte, error) {
	end := len(dst) + size
	for len(src) > 0 {
		if len(src) < 8 {
			return dst, errHadoop
		}
		plain, packed := binary.BigEndian.Uint32(src), binary.BigEndian.Uint32(src[4:])
		src = src[8:]
		if uint64(packed) > uint64(len(src)) || uint64(plain) > uint64(end-len(dst)) {
			return dst, errHadoop
		}
		var err error
		if dst, err = appendLZ4(dst, src[:packed], int(plain)); err != nil {
			return dst, err
		}
		src = src[packed:]
	}
	if len(dst) != end {
		return dst, errHadoop
	}
	return dst, nil
}

// zstdReaders are decoders that rest.
var zstdReaders sync.Pool

func appendZstd(dst, src []byte, size int) ([]byte, error) {
	r, _ := zstdReaders.Get().(*zstd.Decoder)
	if r == nil {
		var err error
		r, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return dst, err
		}
	}
	defer zstdReaders.Put(r)
	if size > 1<<20 && size > 1024*len(src) { // by steps: the size may be a lie
		if err := r.Reset(bytes.NewReader(src)); err != nil {
			return dst, err
		}
		defer r.Reset(nil)
		return inflate(dst, r, size, 8*len(src))
	}
	from := len(dst)
	dst = grow(dst, size)[:from]
	dst, err := r.DecodeAll(src, dst[:from:from+size])
	if err == nil && len(dst) != from+size {
		err = fmt.Errorf("%d bytes decompressed, want %d", len(dst)-from, size)
	}
	return dst, err
}
