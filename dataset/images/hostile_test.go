package images

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
)

// claims returns data with another size in its header: of a PNG at byte 16, of a JPEG behind its SOF marker.
func claims(data []byte, h, w int) []byte {
	data = bytes.Clone(data)
	if at := bytes.Index(data, []byte("IHDR")); at >= 0 {
		binary.BigEndian.PutUint32(data[at+4:], uint32(w))
		binary.BigEndian.PutUint32(data[at+8:], uint32(h))
		binary.BigEndian.PutUint32(data[at+17:], crc32.ChecksumIEEE(data[at:at+17]))
		return data
	}
	at := bytes.Index(data, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(data[at+5:], uint16(h))
	binary.BigEndian.PutUint16(data[at+7:], uint16(w))
	return data
}

// A header is believed only as far as the limit and the file's length bear it out, and no memory is taken before.
func TestDecompressionBombs(t *testing.T) {
	png, jpeg := fixture(t, "rgb.png"), fixture(t, "420.jpg")
	ratio := plain(1, 4000, 1)
	scans := jpeg[:len(jpeg)-2]
	sos := bytes.Index(jpeg, []byte{0xff, 0xda})
	for range maxScans {
		scans = append(scans[:len(scans):len(scans)], jpeg[sos:sos+14]...)
	}
	more := func(data []byte) string {
		return fmt.Sprintf("its header says 9000×9000 pixels, more than %d bytes can hold", len(data))
	}
	for _, c := range []struct {
		data []byte
		c    Config
		want string
	}{
		{claims(png, 30000, 40000), Config{}, "its header says 40000×30000 pixels, the limit is 89478485"},
		{claims(jpeg, 30000, 40000), Config{}, "its header says 40000×30000 pixels, the limit is 89478485"},
		{claims(png, 9000, 9000), Config{}, more(png)},
		{claims(jpeg, 9000, 9000), Config{}, more(jpeg)},
		{jpeg, Config{MaxPixels: 35*27 - 1}, "its header says 35×27 pixels, the limit is 944"},
		{claims(png, 14, 19), Config{}, "png: invalid format: not enough pixel data"},
		{claims(jpeg, 0, 19), Config{}, "its header says 19×0 pixels"},
		{scans, Config{}, "has more than 1000 scans"},
		{ratio, Config{Ops: []Op{ResizeShorter{Size: 256}}}, "has 4000×1 pixels, 1024000×256 when its shorter side is 256: " +
			"the limit is 89478485 pixels"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(c.data, c.c)
		runtime.ReadMemStats(&after)
		require.EqualError(t, err, "dataset: image: "+c.want)
		assert.ErrorIs(t, err, dataset.ErrFormat)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), c.want)
	}
}

// A JPEG cut anywhere before its last scan's end is an error that says so, never half an image.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"420.jpg", "progressive.jpg", "grey.jpg", "exif6.jpg"} {
		data := fixture(t, name)
		for n := 2; n < len(data)-2; n += 7 {
			_, err := Decode(data[:n], Config{})
			require.Error(t, err, "%s cut at %d of %d", name, n, len(data))
			require.Regexp(t, "is cut short: unexpected EOF|short Huffman data", err.Error(), "%s cut at %d of %d", name, n,
				len(data))
		}
	}
}

// tiff is EXIF data with one field: IFD 0 at offset at, of n entries.
func tiff(order binary.AppendByteOrder, at uint32, n, tag, kind uint16, count uint32, value []byte) []byte {
	head := []byte("II*\x00")
	if order.String() == "BigEndian" {
		head = []byte("MM\x00*")
	}
	out := order.AppendUint32(head, at)
	out = order.AppendUint16(out, n)
	out = order.AppendUint16(out, tag)
	out = order.AppendUint16(out, kind)
	out = order.AppendUint32(out, count)
	return append(out, value...)
}

// Hostile and odd EXIF data says nothing; none of it is an error.
func TestOrientation(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	for name, c := range map[string]struct {
		data []byte
		want int
	}{
		"little-endian": {tiff(little, 8, 1, 0x112, 3, 1, []byte{6, 0, 0, 0}), 6},
		"big-endian":    {tiff(big, 8, 1, 0x112, 3, 1, []byte{0, 8, 0, 0}), 8},
		"a long":        {tiff(big, 8, 1, 0x112, 4, 1, []byte{0, 0, 0, 3}), 3},
		"a second entry": {append(tiff(little, 8, 2, 0x10f, 2, 4, []byte("abc\x00")),
			tiff(little, 0, 0, 0x112, 3, 1, []byte{5, 0, 0, 0})[10:]...), 5},
		"another tag":     {tiff(little, 8, 1, 0x113, 3, 1, []byte{6, 0, 0, 0}), 1},
		"0":               {tiff(little, 8, 1, 0x112, 3, 1, []byte{0, 0, 0, 0}), 1},
		"9":               {tiff(little, 8, 1, 0x112, 3, 1, []byte{9, 0, 0, 0}), 1},
		"two values":      {tiff(little, 8, 1, 0x112, 3, 2, []byte{6, 0, 6, 0}), 1},
		"text":            {tiff(little, 8, 1, 0x112, 2, 1, []byte{6, 0, 0, 0}), 1},
		"no value":        {tiff(little, 8, 1, 0x112, 3, 1, []byte{6, 0}), 1},
		"too many":        {tiff(little, 8, 65535, 0x113, 3, 1, []byte{6, 0, 0, 0}), 1},
		"IFD beyond":      {tiff(little, 21, 1, 0x112, 3, 1, []byte{6, 0, 0, 0}), 1},
		"IFD far beyond":  {tiff(little, 0xffffffff, 1, 0x112, 3, 1, []byte{6, 0, 0, 0}), 1},
		"IFD in the head": {tiff(little, 0, 1, 0x112, 3, 1, []byte{6, 0, 0, 0}), 1},
		"another order":   {[]byte("XX*\x00\x08\x00\x00\x00\x00\x00"), 1},
		"nothing":         {nil, 1},
	} {
		assert.Equal(t, c.want, orientationOf(c.data), name)
	}
}

// With Stored pixels stay as they are in the file.
func TestStored(t *testing.T) {
	for _, stored := range []bool{false, true} {
		x, err := Decode(fixture(t, "exif6.png"), Config{Stored: stored})
		require.NoError(t, err)
		want := []int{3, 19, 13}
		if stored {
			want = []int{3, 13, 19}
		}
		assert.Equal(t, want, x.Shape())
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(tiff(binary.LittleEndian, 8, 1, 0x112, 3, 1, []byte{6, 0, 0, 0}))
	f.Add(tiff(binary.BigEndian, 8, 3, 0x112, 3, 1, []byte{0, 8, 0, 0}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientationOf(data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		if o := orientationOfPNG(append([]byte(pngMagic), data...)); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}

// Whatever the bytes, there is an image within the limit or an error.
func FuzzDecode(f *testing.F) {
	entries, err := os.ReadDir("testdata/decode")
	require.NoError(f, err)
	for _, e := range entries {
		f.Add(fixture(f, e.Name()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, gray := range []bool{false, true} {
			c := Config{Gray: gray, MaxPixels: 1 << 14}.withDefaults("")
			var im Image
			if err := decode(&im, data, &c); err != nil {
				continue
			}
			if n := im.H * im.W; n < 1 || n > c.MaxPixels || im.C != c.channels() || len(im.Pix) != n*im.C {
				t.Errorf("%d bytes of pixels for %d×%d×%d", len(im.Pix), im.H, im.W, im.C)
			}
		}
	})
}
