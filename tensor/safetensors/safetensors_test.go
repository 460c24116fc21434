package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// everyDType holds one tensor of each dtype, a scalar, one without elements and a view that is not contiguous.
func everyDType() []Named {
	return []Named{
		{"w", tensor.FromSlice([]float32{0, 0.25, 0.5, 0.75, 1, 1.25}, 2, 3)},
		{"d", tensor.FromSlice([]float64{1e300, math.Copysign(0, -1)})},
		{"h", tensor.FromBits(tensor.Float16, []uint16{0x3800, 0xc000}, 2)},
		{"bf", tensor.FromBits(tensor.BFloat16, []uint16{0x3f80, 0xff80, 0x7fc0}, 3)},
		{"i", tensor.FromSlice([]int64{math.MinInt64, math.MaxInt64})},
		{"j", tensor.FromSlice([]int32{-1, 7}, 2, 1)},
		{"b", tensor.FromSlice([]int8{-128, 127})},
		{"u", tensor.FromSlice([]uint8{0, 255, 3})},
		{"m", tensor.FromSlice([]bool{true, false, true})},
		{"scalar", tensor.Scalar(float32(2.5))},
		{"empty", tensor.New(tensor.Float32, 0, 3)},
		{"view", tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3).Transpose(0, 1)},
	}
}

// testdata/python.safetensors was written by safetensors 0.8.0 for Python, with numpy 2.4.6:
//
//	import numpy as np, safetensors.numpy as s
//	s.save_file({
//	  "w": np.arange(6, dtype=np.float32).reshape(2,3)/4,
//	  "d": np.array([1e300,-0.0]),
//	  "h": np.array([0.5,-2], dtype=np.float16),
//	  "i": np.array([-2**63, 2**63-1]),
//	  "j": np.array([[-1],[7]], dtype=np.int32),
//	  "b": np.array([-128,127], dtype=np.int8),
//	  "u": np.array([0,255,3], dtype=np.uint8),
//	  "m": np.array([True,False,True]),
//	  "scalar": np.array(2.5, dtype=np.float32),
//	  "empty": np.zeros((0,3), dtype=np.float32),
//	}, "python.safetensors", metadata={"format":"np", "note":"ünïcode \"<&>\""})
func TestReadsPythonsFile(t *testing.T) {
	got, meta, err := ReadFile("testdata/python.safetensors")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"format": "np", "note": `ünïcode "<&>"`}, meta)

	want := make(map[string]*tensor.Tensor)
	for _, n := range everyDType() {
		if n.Name != "bf" && n.Name != "view" { // numpy has no bfloat16; a view is ours alone
			want[n.Name] = n.Tensor
		}
	}
	assert.Len(t, got, len(want))
	for _, n := range got {
		requireSame(t, n.Name, want[n.Name], n.Tensor)
	}
}

func requireSame(t *testing.T, name string, want, got *tensor.Tensor) {
	t.Helper()
	require.NotNil(t, want, "unexpected tensor %q", name)
	require.NotNil(t, got, name)
	require.Equal(t, want.DType(), got.DType(), name)
	require.Equal(t, append([]int{}, want.Shape()...), append([]int{}, got.Shape()...), name)
	require.True(t, bytes.Equal(tensor.Bytes(want.Contiguous()), tensor.Bytes(got)), "%s: elements differ", name)
}

// The bytes are written out: a change of them is a change of every model's checksum. The checksums are from this
// Python:
//
//	def crc32c(b):
//	    c = 0xffffffff
//	    for x in b:
//	        c ^= x
//	        for _ in range(8): c = c >> 1 ^ (0x82f63b78 if c & 1 else 0)
//	    return "%08x" % (c ^ 0xffffffff)
//	def u(n): return struct.pack("<Q", n)
//	def s(x): x = x.encode(); return u(len(x)) + x
//	data = {"β": struct.pack("<2f", 1, -2), "a": b"\xff" * 4, "u": bytes([7, 8, 9])}
//	what = {"β": ("F32", [1, 2]), "a": ("I32", [1]), "u": ("U8", [3])}
//	names = sorted(data, key=str.encode)
//	meta = {"z": "1", "k\n": '"', "tutti.crc32c.tensors": "".join(crc32c(data[n]) for n in names)}
//	head = b"".join(s(n) + s(what[n][0]) + u(len(what[n][1])) + b"".join(map(u, what[n][1])) for n in names)
//	print(meta["tutti.crc32c.tensors"], crc32c(head + b"".join(s(k) + s(meta[k]) for k in sorted(meta))))
//	print(crc32c(s("tutti.crc32c.tensors") + s(""))) # a file of nothing: TestNoTensors
func TestWriteGolden(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, []Named{
		{"u", tensor.FromSlice([]uint8{7, 8, 9})},
		{"β", tensor.FromSlice([]float32{1, -2}, 1, 2)},
		{"a", tensor.FromSlice([]int32{-1})},
	}, map[string]string{"z": "1", "k\n": `"`}))

	header := `{"__metadata__":{"k\n":"\"","tutti.crc32c":"fe1c8226","tutti.crc32c.tensors":"fffffffff132df67aa36f2c9","z":"1"},` +
		`"β":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},` +
		`"a":{"dtype":"I32","shape":[1],"data_offsets":[8,12]},` +
		`"u":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	want = append(want, header...)
	want = append(want, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0xff, 0xff, 0xff, 0xff, 7, 8, 9)
	assert.Equal(t, string(want), b.String())
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	meta := map[string]string{"model": "lenet5", "": "empty key"}
	require.NoError(t, WriteFile(path, everyDType(), meta))

	got, gotMeta, err := ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, meta, gotMeta)
	byName := make(map[string]*tensor.Tensor)
	for _, n := range got {
		byName[n.Name] = n.Tensor
	}
	require.Len(t, byName, len(everyDType()))
	for _, n := range everyDType() {
		requireSame(t, n.Name, n.Tensor, byName[n.Name])
	}

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var again bytes.Buffer
	require.NoError(t, Write(&again, everyDType(), meta))
	assert.Equal(t, data, again.Bytes(), "the same tensors gave other bytes")
	streamed, _, err := Read(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Len(t, streamed, len(got))
}

func TestNoTensors(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, nil, nil))
	assert.Equal(t, string(file(`{"__metadata__":{"tutti.crc32c":"5a007f0a","tutti.crc32c.tensors":""}}  `)),
		b.String())
	got, meta, err := Read(&b)
	require.NoError(t, err)
	assert.Empty(t, got)
	assert.Nil(t, meta)
}

// Every tensor begins at a multiple of its element size, counted from the file's start.
func TestAlignment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, WriteFile(path, everyDType(), nil))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	for _, info := range f.Infos() {
		assert.Zero(t, (f.start+info.lo)%int64(info.DType.Size()), "%s begins at %d", info.Name, f.start+info.lo)
	}
}

func TestOpenReadsByName(t *testing.T) {
	f, err := Open("testdata/python.safetensors")
	require.NoError(t, err)
	w, err := f.Tensor("w")
	require.NoError(t, err)
	assert.Equal(t, []float32{0, 0.25, 0.5, 0.75, 1, 1.25}, tensor.Data[float32](w))
	_, err = f.Tensor("nope")
	assert.EqualError(t, err, `safetensors: testdata/python.safetensors: no tensor "nope" among its 10`)
	require.NoError(t, f.Close())
	_, err = f.Tensor("w")
	assert.ErrorIs(t, err, fs.ErrClosed)
}

func TestMissingFile(t *testing.T) {
	_, _, err := ReadFile(filepath.Join(t.TempDir(), "none"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.NotErrorIs(t, err, ErrFormat)
	_, _, err = ReadFile(t.TempDir())
	assert.ErrorIs(t, err, ErrFormat)
}

// file returns a file with the given header and data.
func file(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func TestRefuses(t *testing.T) {
	const u2 = `"dtype":"U8","shape":[2],"data_offsets":[0,2]`
	two := []byte{1, 2}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "0 bytes, want at least the 8"},
		{"seven bytes", make([]byte, 7), "7 bytes, want at least the 8"},
		{"header past the end", []byte("\x05\x00\x00\x00\x00\x00\x00\x00{}  "), "header length 5, the file has 4 bytes after"},
		{"header past the limit", []byte("\x01\xe1\xf5\x05\x00\x00\x00\x00{}"), "header length 100000001, the format allows 100000000"},
		{"header of 2^64-1", []byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "header length 18446744073709551615"},
		{"empty header", file(``), "does not start with '{'"},
		{"space first", file(` {}`), "does not start with '{'"},
		{"array", file(`[]`), "does not start with '{'"},
		{"unclosed", file(`{"a":{` + u2 + `}`), "end of header, want }"},
		{"unclosed name", file(`{"a`), "end of header in a string"},
		{"no colon", file(`{"a" 1}`), "1, want :"},
		{"no comma", file(`{"__metadata__":{"a":"b" "c":"d"}}`), "c, want }"},
		{"comma last", file(`{"a":{`+u2+`},}`, two...), "want a string"},
		{"control character in a name", file("{\"a\n\":{"+u2+"}}", two...), "invalid character"},
		{"text after", file(`{} x`), "goes on after its object"},
		{"second object", file(`{}{}`), "goes on after its object"},
		{"NUL padding", file("{}\x00"), "goes on after its object"},
		{"not UTF-8", file("{\"\xff\":{"+u2+"}}", two...), "is not UTF-8"},
		{"name twice", file(`{"a":{`+u2+`},"a":{`+u2+`}}`, two...), `"a": occurs twice`},
		{"name twice, escaped", file(`{"a":{`+u2+`},"\u0061":{`+u2+`}}`, two...), `"a": occurs twice`},
		{"key twice", file(`{"a":{"dtype":"U8",`+u2+`}}`, two...), `"a": "dtype": occurs twice`},
		{"key in capitals", file(`{"a":{"DType":"U8","shape":[2],"data_offsets":[0,2]}}`, two...),
			`want the three keys`},
		{"unknown key, broken", file(`{"a":{"x":[1,`+u2+`}}`, two...), `"x": `},
		{"unknown key without value", file(`{"a":{"x":}}`), `"x": `},
		{"missing key", file(`{"a":{"dtype":"U8","shape":[2]}}`, two...), "want the three keys"},
		{"tensor null", file(`{"a":null}`), `"a": null, want {`},
		{"metadata number", file(`{"__metadata__":{"a":1}}`), `1, want a string`},
		{"metadata array", file(`{"__metadata__":[]}`), `[, want {`},
		{"metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`), `"__metadata__": occurs twice`},
		{"metadata null inside", file(`{"__metadata__":{"a":null}}`), `null, want a string`},
		{"dtype unknown", file(`{"a":{"dtype":"Q8","shape":[2],"data_offsets":[0,2]}}`, two...),
			`"dtype": "Q8" is none of the format's types`},
		{"half a byte", file(`{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}`, two...),
			`shape [3] of F4 takes 12 bits`},
		{"dtype number", file(`{"a":{"dtype":1,"shape":[2],"data_offsets":[0,2]}}`, two...), `1, want a string`},
		{"shape negative", file(`{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}`, two...), `-2, want an integer`},
		{"shape minus zero", file(`{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}`), `-0, want an integer`},
		{"shape fraction", file(`{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}`, two...), `2.0, want an integer`},
		{"shape exponent", file(`{"a":{"dtype":"U8","shape":[2e0],"data_offsets":[0,2]}}`, two...), `2e0, want an integer`},
		{"shape string", file(`{"a":{"dtype":"U8","shape":["2"],"data_offsets":[0,2]}}`, two...), `2, want an integer`},
		{"shape nested", file(`{"a":{"dtype":"U8","shape":[[2]],"data_offsets":[0,2]}}`, two...), `[, want an integer`},
		{"shape too big", file(`{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,2]}}`, two...), `9223372036854775808, want an integer`},
		{"shape overflows", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`), `overflows`},
		{"shape wraps to 0", file(`{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}`), `overflows`},
		{"shape overflows behind 0",
			file(`{"a":{"dtype":"U8","shape":[0,4611686018427387903,4611686018427387903],"data_offsets":[0,0]}}`),
			`overflows`},
		{"shape overflows before 0",
			file(`{"a":{"dtype":"U8","shape":[4611686018427387903,4611686018427387903,0],"data_offsets":[0,0]}}`),
			`overflows`},
		{"bits overflow", file(`{"a":{"dtype":"F64","shape":[1152921504606846975],"data_offsets":[0,0]}}`),
			`overflows`},
		{"leading zero", file(`{"a":{"dtype":"U8","shape":[02],"data_offsets":[0,2]}}`, two...), `02, want an integer`},
		{"one offset", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[2]}}`, two...), `data_offsets [2], want`},
		{"three offsets", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2,2]}}`, two...), `data_offsets [0 2 2], want`},
		{"offsets backwards", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}`, two...), `data_offsets [2 0], want`},
		{"shape and offsets differ", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,2]}}`, two...), `shape [2] of F32 takes 8 bytes, data_offsets [0 2] hold 2`},
		{"terabytes claimed", file(`{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`, two...), `the tensors take 4398046511104 bytes, the file holds 2`},
		{"cut short", file(`{"a":{`+u2+`}}`, 1), `the tensors take 2 bytes, the file holds 1`},
		{"goes on", file(`{"a":{`+u2+`}}`, 1, 2, 3), `the tensors take 2 bytes, the file holds 3`},
		{"data without tensors", file(`{}`, 1), `the tensors take 0 bytes, the file holds 1`},
		{"hole first", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, two...), `tensor "a" begins at byte 1 of the data, the one before ends at 0`},
		{"hole", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 1, 2, 3), `tensor "b" begins at byte 2 of the data, the one before ends at 1`},
		{"overlap", file(`{"a":{`+u2+`},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 1, 2, 3), `tensor "b" begins at byte 1 of the data, the one before ends at 2`},
		{"same bytes twice", file(`{"a":{`+u2+`},"b":{`+u2+`}}`, two...), `tensor "b" begins at byte 0 of the data, the one before ends at 2`},
		{"BOOL of 2", file(`{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}`, two...), `tensor "a": element 1 is the byte 2, want 0 or 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Read(bytes.NewReader(c.data))
			require.ErrorIs(t, err, ErrFormat)
			assert.Contains(t, err.Error(), c.want)
			assert.True(t, strings.HasPrefix(err.Error(), "safetensors: input: "), "%q names no file", err)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestAccepts(t *testing.T) {
	for name, data := range map[string][]byte{
		"order of keys":    file(`{"a":{"data_offsets":[0,2],"shape":[2],"dtype":"U8"}}`, 1, 2),
		"order of tensors": file(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, 2),
		"keys unknown":     file(`{"a":{"x":{"y":[1,{"dtype":2}],"z":null},"dtype":"U8","":"\"}","shape":[2],"data_offsets":[0,2]}}`, 1, 2),
		"metadata null": file(`{"__metadata__":null,"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1,
			2),
		"metadata empty":        file(`{"__metadata__": { } , "a" : { "dtype" : "U8" , "shape" : [ 2 ] , "data_offsets" : [ 0 , 2 ] } }`, 1, 2),
		"padding":               file("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}  \n\t", 1, 2),
		"no elements between":   file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"e":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}`, 1, 2),
		"no elements at 0 last": file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"e":{"dtype":"U8","shape":[0,9],"data_offsets":[0,0]}}`, 1, 2),
	} {
		t.Run(name, func(t *testing.T) {
			tensors, _, err := Read(bytes.NewReader(data))
			require.NoError(t, err)
			var all []byte
			for _, n := range tensors {
				all = append(all, tensor.Bytes(n.Tensor)...)
			}
			assert.Equal(t, []byte{1, 2}, all)
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	x := tensor.New(tensor.Float32, 1)
	for _, c := range []struct {
		name    string
		tensors []Named
		meta    map[string]string
		want    string
	}{
		{"name twice", []Named{{"a", x}, {"a", x}}, nil, `safetensors: two tensors are named "a"`},
		{"reserved name", []Named{{"__metadata__", x}}, nil, `safetensors: a tensor cannot be named "__metadata__"`},
		{"name not UTF-8", []Named{{"\xff", x}}, nil, `safetensors: tensor name "\xff" is not UTF-8`},
		{"metadata not UTF-8", nil, map[string]string{"k": "\xff"}, `safetensors: metadata "k" = "\xff" is not UTF-8`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			assert.EqualError(t, Write(&b, c.tensors, c.meta), c.want)
			assert.Zero(t, b.Len(), "bytes written before the error")
		})
	}
}

// failAfter fails once n bytes have been written.
type failAfter struct{ n int }

var errFull = errors.New("disk full")

func (w *failAfter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteReportsTheWritersError(t *testing.T) {
	tensors := []Named{{"a", tensor.New(tensor.Float32, 4)}}
	assert.ErrorIs(t, Write(&failAfter{0}, tensors, nil), errFull)
	var whole bytes.Buffer
	require.NoError(t, Write(&whole, tensors, nil))
	err := Write(&failAfter{whole.Len() - 1}, tensors, nil)
	assert.ErrorIs(t, err, errFull)
	assert.EqualError(t, err, `safetensors: tensor "a": disk full`)
	assert.NoError(t, Write(&failAfter{whole.Len()}, tensors, nil))
}

func TestWriteFileIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.safetensors")
	old := []Named{{"a", tensor.FromSlice([]float32{1})}}
	require.NoError(t, WriteFile(path, old, nil))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		control := filepath.Join(dir, "control")
		require.NoError(t, os.WriteFile(control, nil, 0o666))
		want, err := os.Stat(control)
		require.NoError(t, err)
		got, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, want.Mode(), got.Mode(), "permissions are not those of an ordinary new file")
		require.NoError(t, os.Remove(control))
	}

	assert.Error(t, WriteFile(path, append(old, old...), nil))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after, "a failed write changed the file")

	require.NoError(t, WriteFile(path, nil, nil))
	read, _, err := ReadFile(path)
	require.NoError(t, err)
	assert.Empty(t, read, "the new file does not replace the old")

	full := filepath.Join(dir, "full")
	require.NoError(t, os.MkdirAll(filepath.Join(full, "x"), 0o777))
	assert.Error(t, WriteFile(full, old, nil), "a directory was replaced")
	assert.ErrorIs(t, WriteFile(filepath.Join(dir, "none", "m"), old, nil), fs.ErrNotExist)

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "temporary files are left behind: %v", entries)
}

// On a big-endian machine elements are turned on their way; here the turning alone is checked.
func TestSwapBytes(t *testing.T) {
	for size, want := range map[int][]byte{
		1: {1, 2, 3, 4, 5, 6, 7, 8}, 2: {2, 1, 4, 3, 6, 5, 8, 7}, 4: {4, 3, 2, 1, 8, 7, 6, 5}, 8: {8, 7, 6, 5, 4, 3, 2, 1},
	} {
		data := []byte{1, 2, 3, 4, 5, 6, 7, 8}
		swapBytes(data, size)
		assert.Equal(t, want, data, "size %d", size)
	}
}

// FuzzRead: no input panics or takes memory that it does not hold itself, and what is accepted comes back the same after Write.
func FuzzRead(f *testing.F) {
	golden, err := os.ReadFile("testdata/python.safetensors")
	require.NoError(f, err)
	f.Add(golden)
	f.Add(file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1, 2))
	f.Add(file(`{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`))
	f.Add(file(`{"a":{"dtype":"U16","shape":[1],"data_offsets":[0,2],"x":[null,{"y":1e9}]},"__metadata__":null}`, 1, 2))
	f.Add(file(`{"a":{"dtype":"F4","shape":[2,2],"data_offsets":[0,2]}}`, 1, 2))
	f.Add(file(`{"a":{"dtype":"U8","shape":[0,4611686018427387903,4611686018427387903],"data_offsets":[0,0]}}`))
	var ours bytes.Buffer
	require.NoError(f, Write(&ours, everyDType(), map[string]string{"a": "b"}))
	f.Add(ours.Bytes())
	f.Add(file(`{"__metadata__":{"a":"\ud800"},"":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}`, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, meta, err := Read(bytes.NewReader(data))
		if err != nil {
			require.True(t, errors.Is(err, ErrFormat) || errors.Is(err, ErrDType), "%v", err)
			return
		}
		var held int
		for _, n := range first {
			held += len(tensor.Bytes(n.Tensor))
		}
		require.LessOrEqual(t, held, 2*len(data), "U16 takes 4 bytes")

		var b bytes.Buffer
		require.NoError(t, Write(&b, first, meta))
		second, meta2, err := Read(&b)
		require.NoError(t, err)
		require.Equal(t, len(meta), len(meta2))
		for k, v := range meta {
			require.Equal(t, v, meta2[k])
		}
		byName := make(map[string]*tensor.Tensor)
		for _, n := range second {
			byName[n.Name] = n.Tensor
		}
		for _, n := range first {
			requireSame(t, n.Name, n.Tensor, byName[n.Name])
		}
		requireSameParts(t, data, first)
	})
}

// requireSameParts reads a file in parts of one element, which gives what reading it whole gave.
func requireSameParts(t *testing.T, data []byte, want []Named) {
	f, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	for _, n := range want {
		p, err := f.Parts(n.Name)
		if errors.Is(err, ErrDType) {
			continue
		}
		require.NoError(t, err)
		var got []byte
		for part := make([]byte, n.Tensor.DType().Size()); p.Left() > 0; got = append(got, part...) {
			require.NoError(t, p.Next(part))
		}
		require.True(t, bytes.Equal(tensor.Bytes(n.Tensor), got), n.Name)
	}
}

func BenchmarkWrite(b *testing.B) {
	tensors := []Named{{"w", tensor.New(tensor.Float32, 1<<20)}}
	b.SetBytes(4 << 20)
	for b.Loop() {
		if err := Write(io.Discard, tensors, nil); err != nil {
			b.Fatal(err)
		}
	}
}
