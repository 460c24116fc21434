package npy_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/npy"
)

// numpy.npz was written by NumPy: testdata/expected.py.
func TestReadNumPy(t *testing.T) {
	arrays, err := npy.ReadZipFile("testdata/numpy.npz")
	require.NoError(t, err)
	kinds := map[string]tensor.DType{"f2": tensor.Float16, "f4": tensor.Float32, "f8": tensor.Float64, "i1": tensor.Int8, "i2": tensor.Int32,
		"i4": tensor.Int32, "i8": tensor.Int64, "u1": tensor.Uint8, "u2": tensor.Int32, "u4": tensor.Int64, "b1": tensor.Bool}
	seen := 0
	for name, x := range arrays {
		d, ok := kinds[name[:2]]
		if !ok {
			continue
		}
		seen++
		assert.Equal(t, d, x.DType(), name)
		assert.Equal(t, []int{2, 3, 4}, x.Shape(), name)
		assert.True(t, x.IsContiguous())
		want := tensor.New(tensor.Float64, 2, 3, 4)
		for i := range want.Len() {
			v := float64(i)
			switch {
			case name[0] == 'f' || name[0] == 'i':
				v -= 7
			case name[0] == 'b' && i > 0:
				v = 1
			}
			tensor.Data[float64](want)[i] = v
		}
		assert.True(t, x.Cast(tensor.Float64).Equal(want), "%s: %v", name, x)
	}
	assert.Equal(t, 38, seen, "8 types in two byte orders and 3 of one byte, two layouts each: 2·(2·8 + 3)")
	assert.Equal(t, []float32{2.5}, tensor.Data[float32](arrays["scalar"]))
	assert.Empty(t, arrays["scalar"].Shape())
	assert.Equal(t, []int64{7}, tensor.Data[int64](arrays["one"]))
	assert.Equal(t, []int{0, 3}, arrays["empty"].Shape())
}

// What is written must be what numpy.save writes, byte for byte.
func TestWriteAsNumPy(t *testing.T) {
	x := tensor.FromSlice([]float32{0, 3, 1, 4, 2, 5}, 3, 2).Transpose(0, 1) // Write takes any layout
	for name, x := range map[string]*tensor.Tensor{"written": x, "scalar": tensor.Scalar(1.5), "line": tensor.FromSlice([]bool{true, false})} {
		want, err := os.ReadFile(filepath.Join("testdata", name+".npy"))
		require.NoError(t, err)
		var got bytes.Buffer
		require.NoError(t, npy.Write(&got, x))
		assert.Equal(t, want, got.Bytes(), name)
	}
}

func TestRoundTrips(t *testing.T) {
	dir := t.TempDir()
	all := map[string]*tensor.Tensor{}
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.Float16, tensor.Int8, tensor.Int32, tensor.Int64, tensor.Uint8, tensor.Bool} {
		for _, shape := range [][]int{{}, {0}, {3}, {2, 0, 1}, {1, 2, 3, 4, 5, 6, 7}, {600_000}} {
			x := tensor.Full(d, 1, shape...)
			path := filepath.Join(dir, "x.npy")
			require.NoError(t, npy.WriteFile(path, x))
			got, err := npy.ReadFile(path)
			require.NoError(t, err)
			require.True(t, got.Equal(x), "%v %v", d, shape)
		}
		all[d.String()] = tensor.Full(d, 1, 2, 3)
	}
	path := filepath.Join(dir, "x.npz")
	require.NoError(t, npy.WriteZipFile(path, all))
	got, err := npy.ReadZipFile(path)
	require.NoError(t, err)
	require.Len(t, got, len(all))
	for name, x := range all {
		assert.True(t, got[name].Equal(x), name)
	}
}

func file(header, body string) string {
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + body
}

func TestReadErrors(t *testing.T) {
	whole := file("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }\n", "12345678")
	x, err := npy.Read(strings.NewReader(whole + "more"))
	require.NoError(t, err)
	assert.Equal(t, 2, x.Len())
	for k := range len(whole) { // every file that ends early
		_, err := npy.Read(strings.NewReader(whole[:k]))
		require.ErrorIs(t, err, npy.ErrFormat, "%d bytes", k)
	}
	for _, c := range []struct {
		is   error
		want string
		file string
	}{
		{npy.ErrFormat, "begins with", "PK\x03\x04567890"},
		{npy.ErrFormat, "version 9.0", "\x93NUMPY\x09\x00\x00\x00"},
		{npy.ErrFormat, "more than 10000", "\x93NUMPY\x02\x00\xff\xff\xff\xff"},
		{npy.ErrDType, `"<c8"`, file("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", "")},
		{npy.ErrDType, `"<u8"`, file("{'descr': '<u8', 'fortran_order': False, 'shape': (2,), }", "")},
		{npy.ErrFormat, "twice", file("{'descr': '<i4', 'descr': '<i4', 'shape': (2,), }", "")},
		{npy.ErrFormat, "keys missing", file("{'descr': '<i4', 'shape': (2,), }", "")},
		{npy.ErrFormat, "the key", file("{'colour': 'red'}", "")},
		{npy.ErrFormat, "length of an axis", file("{'descr': '<i4', 'fortran_order': False, 'shape': (-2,), }", "")},
		{npy.ErrFormat, `")}" where "," should be`, file("{'descr': '<i1', 'fortran_order': False, 'shape': (6)}",
			"123456")},
		{npy.ErrFormat, `")}" where "," should be`, file("{'descr': '<i1', 'fortran_order': False, 'shape': (6L)}",
			"123456")},
		{npy.ErrFormat, "length of an axis", file("{'descr': '<i1', 'fortran_order': False, 'shape': (06,)}",
			"123456")},
		{npy.ErrFormat, "length of an axis", file("{'descr': '<i1', 'fortran_order': False, 'shape': (2,,3)}",
			"123456")},
		{npy.ErrFormat, "length of an axis", file("{'descr': '<i1', 'fortran_order': False, 'shape': (,)}", "123456")},
		{npy.ErrFormat, `"(" should be`, file("{'descr': '<i1', 'fortran_order': False, 'shape': 6}", "123456")},
		{npy.ErrFormat, "too many elements",
			file("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4611686018427387903, 4611686018427387903)}",
				"")},
		{npy.ErrFormat, "too many elements",
			file("{'descr': '|u1', 'fortran_order': True, 'shape': (4611686018427387903, 4611686018427387903, 0)}",
				"")},
		{npy.ErrFormat, "too many elements", file("{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "")},
		{npy.ErrFormat, "of 4000000000000 bytes", file("{'descr': '<i4', 'fortran_order': False, 'shape': (1000000000000,), }", "1234")},
		{npy.ErrFormat, "after the header", file("{'descr': '<i4', 'fortran_order': False, 'shape': (), } x", "1234")},
	} {
		_, err := npy.Read(strings.NewReader(c.file))
		require.ErrorIs(t, err, c.is, "%q", c.file)
		assert.ErrorContains(t, err, c.want)
	}
	broken := errors.New("broken pipe")
	_, err = npy.Read(io.MultiReader(strings.NewReader(whole[:20]), iotest.ErrReader(broken)))
	assert.ErrorIs(t, err, broken)
	_, err = npy.ReadFile("testdata/absent.npy")
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorIs(t, npy.Write(io.Discard, tensor.New(tensor.BFloat16, 1)), npy.ErrDType)
	_, err = npy.ReadZip(strings.NewReader(whole), int64(len(whole)))
	assert.ErrorIs(t, err, npy.ErrFormat)
}

func TestReadZipErrors(t *testing.T) {
	scalar := file("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "12345678")
	raw := archive(t, member{"a.npy", scalar}, member{"a.npy", scalar})
	_, err := npy.ReadZip(bytes.NewReader(raw), int64(len(raw)))
	assert.ErrorIs(t, err, npy.ErrFormat)
	assert.ErrorContains(t, err, "twice")
	var b bytes.Buffer
	require.NoError(t, npy.WriteZip(&b, map[string]*tensor.Tensor{"x": tensor.Full(tensor.Float32, 1, 100)}))
	raw = b.Bytes()
	raw[200] ^= 1 // an element
	_, err = npy.ReadZip(bytes.NewReader(raw), int64(len(raw)))
	assert.ErrorIs(t, err, zip.ErrChecksum)
}

type member struct{ name, text string }

// archive returns a compressed archive.
func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		f, err := z.Create(m.name)
		require.NoError(t, err)
		_, err = f.Write([]byte(m.text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// NumPy reads what it is asked for, whatever else there is:
//
//	with zipfile.ZipFile("z", "w") as f: f.writestr("a.npy", …); f.writestr("readme.txt", "hi"); f.writestr("bad.npy", "nope"); …
//	n = np.load("z"); n["a"] is array([0, 1, 2])
func TestZipWithForeignMembers(t *testing.T) {
	array := file("{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }", "\x07\x00\x00\x00")
	raw := archive(t, member{"readme.txt", "hi"}, member{"a.npy", array}, member{"folder/", ""},
		member{"folder/b.npy", array})
	all, err := npy.ReadZip(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	assert.Len(t, all, 2)
	assert.Equal(t, []int32{7}, tensor.Data[int32](all["folder/b"]))

	words := file("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", "12345678")
	raw = archive(t, member{"words.npy", words}, member{"bad.npy", "nope"}, member{"a.npy", array})
	_, err = npy.ReadZip(bytes.NewReader(raw), int64(len(raw)))
	assert.ErrorIs(t, err, npy.ErrDType)
	path := filepath.Join(t.TempDir(), "x.npz")
	require.NoError(t, os.WriteFile(path, raw, 0o666))
	_, err = npy.ReadZipFile(path)
	assert.ErrorContains(t, err, path+": words.npy: ")
	z, err := npy.OpenZip(path)
	require.NoError(t, err)
	defer z.Close()
	assert.Equal(t, []string{"words", "bad", "a"}, z.Names())
	a, err := z.Tensor("a")
	require.NoError(t, err)
	assert.Equal(t, []int32{7}, tensor.Data[int32](a))
	_, err = z.Tensor("words")
	assert.ErrorIs(t, err, npy.ErrDType)
	_, err = z.Tensor("bad")
	assert.ErrorIs(t, err, npy.ErrFormat)
	_, err = z.Tensor("readme.txt")
	assert.EqualError(t, err, `npy: no array "readme.txt" among the archive's 3`)
}

// A small archive may inflate to no more than its limit.
func TestZipThatInflates(t *testing.T) {
	zeros := file("{'descr': '<f4', 'fortran_order': False, 'shape': (1000,), }", strings.Repeat("\x00", 4000))
	raw := archive(t, member{"a.npy", zeros}, member{"b.npy", zeros})
	require.Less(t, len(raw), 1000)
	z, err := npy.NewZip(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	assert.Equal(t, int64(1<<30), z.MaxBytes)
	z.MaxBytes = 4000
	for _, name := range z.Names() {
		x, err := z.Tensor(name)
		require.NoError(t, err)
		assert.Equal(t, 1000, x.Len())
	}
	z.MaxBytes = 3999
	_, err = z.Tensor("a")
	require.ErrorIs(t, err, npy.ErrTooLarge)
	assert.EqualError(t, err, "a.npy: npy: too many bytes of elements: 4000, the limit is 3999")

	z.MaxBytes = 7999
	_, err = z.All()
	require.ErrorIs(t, err, npy.ErrTooLarge)
	assert.ErrorContains(t, err,
		"b.npy: npy: too many bytes of elements: 4000, the limit is 3999, what is left of Zip.MaxBytes = 7999")
	z.MaxBytes = 8000
	all, err := z.All()
	require.NoError(t, err)
	assert.Len(t, all, 2)

	// What a header claims is not allocated before the archive's size bears it out.
	raw = archive(t, member{"a.npy", file("{'descr': '|u1', 'fortran_order': False, 'shape': (1073741825,), }", "")})
	_, err = npy.ReadZip(bytes.NewReader(raw), int64(len(raw)))
	require.ErrorIs(t, err, npy.ErrTooLarge)
	raw = archive(t, member{"b.npy", file("{'descr': '|u1', 'fortran_order': False, 'shape': (1073741824,), }", "")})
	_, err = npy.ReadZip(bytes.NewReader(raw), int64(len(raw)))
	require.ErrorIs(t, err, npy.ErrFormat)
	assert.ErrorContains(t, err, "0 of 1073741824 bytes")
}

// Whatever the bytes, Read returns a tensor that writes and reads back the same, or an error of ours.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"written", "scalar", "line"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name+".npy"))
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add([]byte(file("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 1), }", "1234")))
	f.Add([]byte(file("{'descr': '<i4', 'fortran_order': True, 'shape': (0, 4611686018427387903, 4611686018427387903), }", "")))
	f.Add([]byte(file(`{"shape":(1L,),"descr":"|b1","fortran_order":False}`, "\x02")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		x, err := npy.Read(bytes.NewReader(raw))
		if err != nil {
			if !errors.Is(err, npy.ErrFormat) && !errors.Is(err, npy.ErrDType) {
				t.Fatalf("error %v", err)
			}
			return
		}
		var b bytes.Buffer
		require.NoError(t, npy.Write(&b, x))
		y, err := npy.Read(&b)
		require.NoError(t, err)
		require.True(t, x.Equal(y))
	})
}

// Whatever the bytes, an archive's arrays are read within the limit, or the error is one of ours.
func FuzzZip(f *testing.F) {
	raw, err := os.ReadFile(filepath.Join("testdata", "numpy.npz"))
	require.NoError(f, err)
	f.Add(raw)
	zeros := file("{'descr': '<i2', 'fortran_order': True, 'shape': (50, 10), }", strings.Repeat("\x00", 1000))
	f.Add(archive(f, member{"a.npy", zeros}, member{"readme.txt", "hi"}, member{"b.npy", "nope"}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		z, err := npy.NewZip(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			require.ErrorIs(t, err, npy.ErrFormat)
			return
		}
		z.MaxBytes = 1 << 16
		held := 0
		all, err := z.All()
		for _, x := range all {
			held += x.Len() * x.DType().Size()
		}
		require.LessOrEqual(t, held, 2*(1<<16), "uint16 becomes Int32")
		if err != nil && !errors.Is(err, npy.ErrFormat) && !errors.Is(err, npy.ErrDType) && !errors.Is(err, npy.ErrTooLarge) {
			t.Fatalf("error %v", err)
		}
	})
}
