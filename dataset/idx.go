package dataset

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// IDXConfig says how to read a pair of IDX files. The zero value reads MNIST and its relatives.
type IDXConfig struct {
	Name     string  // of the set, for messages; default: the images' file name
	Classes  int     // labels are 0 … Classes-1; default 10
	Scale    float64 // of a pixel 0 … 255; default 1/255, giving 0 … 1
	MaxBytes int64   // refuse a file whose header claims more elements, before allocating; default 8 GiB
}

// OpenIDX reads images and their labels from two IDX files, the format of MNIST, gzipped or plain, into memory.
//
//	images: unsigned bytes [N, H, W] (samples [1, H, W]) or [N, Shape...]      labels: unsigned bytes [N]
//
// The files are closed when it returns. A header is believed only as far as the file's size bears it out, before anything is
// allocated. An error names the file and both values: ErrFormat for a wrong magic, type or rank, a file cut short or too long,
// counts that differ, a label out of range; fs.ErrNotExist for one that is missing.
// Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database, file formats.
func OpenIDX(images, labels string, c IDXConfig) (*Memory, error) {
	c.Name = cmp.Or(c.Name, images)
	c.Classes = cmp.Or(c.Classes, 10)
	c.Scale = cmp.Or(c.Scale, 1.0/255)
	c.MaxBytes = cmp.Or(c.MaxBytes, 8<<30)

	dims, pixels, err := readIDXFile(images, c.MaxBytes)
	if err != nil {
		return nil, err
	}
	if len(dims) < 2 {
		return nil, Malformed(images, "images have rank %d, want at least 2", len(dims))
	}
	ldims, classes, err := readIDXFile(labels, c.MaxBytes)
	if err != nil {
		return nil, err
	}
	if len(ldims) != 1 {
		return nil, Malformed(labels, "labels have rank %d, want 1", len(ldims))
	}
	if dims[0] != ldims[0] {
		return nil, Malformed(labels, "%d labels for the %d images of %s", ldims[0], dims[0], images)
	}

	return idxMemory(labels, dims, pixels, classes, c)
}

// idxMemory joins what the two files hold.
func idxMemory(labels string, dims []int, pixels, classes []byte, c IDXConfig) (*Memory, error) {
	y := tensor.FromSlice(classes, len(classes)).Cast(tensor.Int64)
	if i := outOfRange(tensor.Data[int64](y), c.Classes); i >= 0 {
		return nil, Malformed(labels, "label %d of sample %d, want 0 … %d", classes[i], i, c.Classes-1)
	}
	if len(dims) == 3 {
		dims = []int{dims[0], 1, dims[1], dims[2]}
	}
	x := tensor.FromSlice(pixels, dims...)
	return FromTensors(x, y).WithClasses(c.Classes).WithScale(c.Scale).WithName(c.Name), nil
}

func readIDXFile(path string, maxBytes int64) (dims []int, data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, Malformed(path, "is not a regular file")
	}
	return readIDX(f, info.Size(), path, maxBytes)
}

// maxDeflate is the most that deflate can expand one byte to: a 258-byte match in 2 bits, 1032:1.
const maxDeflate = 1032

// readIDX reads one IDX file of size bytes, gzipped or not, whose elements are unsigned bytes.
//
// The format: two zero bytes, the element type (8 is unsigned byte), the rank, a big-endian uint32 for each dimension, then the
// elements in row-major order and nothing more.
func readIDX(r io.Reader, size int64, path string, maxBytes int64) (dims []int, data []byte, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	room := size // the most bytes that can come out
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, Malformed(path, "%w", err)
		}
		in, room = bufio.NewReaderSize(z, 1<<16), size*maxDeflate
	}

	start, _ := in.Peek(512)
	what := LooksLike(start)
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, nil, Malformed(path, "cut short in the header: %w", err)
	}
	if head[0] != 0 || head[1] != 0 {
		if what != "" {
			return nil, nil, Malformed(path, "is %s: it starts with % x, want the IDX magic 00 00", what, head[:2])
		}
		return nil, nil, Malformed(path, "starts with % x, want the IDX magic 00 00", head[:2])
	}
	if head[2] != 8 {
		return nil, nil, Malformed(path, "element type 0x%02x, want 0x08, unsigned byte", head[2])
	}
	dims = make([]int, head[3])
	total, whole := int64(1), true
	for i := range dims {
		var d [4]byte
		if _, err := io.ReadFull(in, d[:]); err != nil {
			return nil, nil, Malformed(path, "cut short in the header, at dimension %d of %d: %w", i, len(dims), err)
		}
		n := int64(binary.BigEndian.Uint32(d[:]))
		dims[i] = int(n)
		whole = whole && n == int64(dims[i]) && (n == 0 || total <= maxBytes/n)
		if whole && n > 0 { // so that the rest of the shape has a size, also where there are no images
			total *= n
		}
	}
	if slices.Contains(dims, 0) {
		total = 0
	}
	head4 := int64(4 + 4*len(dims))
	switch {
	case len(dims) == 0:
		return nil, nil, Malformed(path, "has rank 0, want at least 1")
	case !whole || total > maxBytes:
		return nil, nil, Malformed(path, "header claims %v bytes, the limit is %d", dims, maxBytes)
	case total > room-head4:
		return nil, nil, Malformed(path, "header claims %v = %d bytes, more than its %d bytes can hold", dims, total, size)
	}

	data = make([]byte, total)
	if n, err := io.ReadFull(in, data); err != nil {
		return nil, nil, Malformed(path, "cut short: %d of the %d bytes its header claims: %w", n, total, err)
	}
	switch _, err := in.ReadByte(); err {
	case io.EOF: // and, in a gzipped file, the checksum was right
		return dims, data, nil
	case nil:
		return nil, nil, Malformed(path, "goes on after the %d bytes its header claims", total)
	default:
		return nil, nil, Malformed(path, "after its data: %w", err)
	}
}
