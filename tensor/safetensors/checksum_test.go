package safetensors

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// Every single bit of a file, flipped, is an error: of the tensor it lies in, or of the header.
func TestEveryFlippedBitIsFound(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, []Named{
		{"a.weight", tensor.FromSlice([]float32{0.25, 1, -2, 0}, 2, 2)}, {"a.bias", tensor.FromSlice([]float32{3, 0},
			2)},
		{"n", tensor.FromSlice([]int64{7})}, {"mask", tensor.FromSlice([]bool{true, false})}, {"none",
			tensor.New(tensor.Float32, 0)},
	}, map[string]string{"step": `{"at":17}`}))
	data := b.Bytes()
	f, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.True(t, f.Checked())
	require.NoError(t, f.Verify())
	for bit := range 8 * len(data) {
		data[bit/8] ^= 1 << (bit % 8)
		_, _, err := Read(bytes.NewReader(data))
		require.ErrorIs(t, err, ErrFormat, "bit %d", bit)
		if at := int64(bit/8) - f.start; at >= 0 {
			require.ErrorIs(t, err, ErrChecksum)
			for _, info := range f.Infos() {
				if info.lo <= at && at < info.hi {
					require.ErrorContains(t, err, `tensor "`+info.Name+`"`)
				}
			}
			f, err := NewReader(bytes.NewReader(data), int64(len(data)))
			require.NoError(t, err, "the header alone is not wrong")
			require.ErrorIs(t, f.Verify(), ErrChecksum)
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
}

// A tensor longer than a piece, damaged in its last byte.
func TestChecksumOfALongTensor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, WriteFile(path, []Named{{"w", tensor.Full(tensor.Float32, 1, 2*piece/4+1)}}, nil))
	_, _, err := ReadFile(path)
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)-1] ^= 0x80
	require.NoError(t, os.WriteFile(path, data, 0o666))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.Tensor("w")
	require.ErrorIs(t, err, ErrChecksum)
	require.ErrorIs(t, f.Verify(), ErrChecksum)
	want := regexp.QuoteMeta("safetensors: "+path+`: tensor "w": wrong checksum: it is `) +
		"[0-9a-f]{8}, the file says [0-9a-f]{8}: the file is damaged, or a program"
	assert.Regexp(t, want, err.Error())

	loose, err := OpenUnchecked(path)
	require.NoError(t, err)
	defer loose.Close()
	w, err := loose.Tensor("w")
	require.NoError(t, err)
	assert.Equal(t, float32(-1), tensor.Data[float32](w)[w.Len()-1])
	assert.NoError(t, loose.Verify())
	assert.Nil(t, loose.Meta())
}

// What another program does to the header: an order of its own is no matter; a tensor or a key that it adds, leaves out
// or renames under the old checksums is an error.
func TestChecksumsOfAnEditedFile(t *testing.T) {
	const a, b, meta = `"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`,
		`"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}`, `"k":"v"`
	var w bytes.Buffer
	require.NoError(t, Write(&w, []Named{{"a", tensor.FromSlice([]uint8{1})}, {"b", tensor.FromSlice([]uint8{2})}},
		map[string]string{"k": "v"}))
	sums := regexp.MustCompile(`"tutti.crc32c":"[0-9a-f]+","tutti.crc32c.tensors":"[0-9a-f]+"`).FindString(w.String())
	require.NotEmpty(t, sums)
	header, tensors, _ := strings.Cut(sums, ",")
	read := func(header string, data ...byte) error {
		_, _, err := Read(bytes.NewReader(file(header, data...)))
		return err
	}
	require.NoError(t, read(`{`+b+`,`+a+`, "__metadata__" : {`+tensors+`,`+meta+`,`+header+`}}`, 1, 2))
	require.NoError(t,
		read(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":0},"__metadata__":{`+meta+`,`+sums+`},`+
			`"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2, 1), "the tensors in another order")
	require.NoError(t, read(`{`+a+`,`+b+`,"__metadata__":{`+meta+`}}`, 9, 9), "no checksums are none to check")
	for name, edited := range map[string]string{
		"a key more":      `{` + a + `,` + b + `,"__metadata__":{"x":"",` + meta + `,` + sums + `}}`,
		"a key less":      `{` + a + `,` + b + `,"__metadata__":{` + sums + `}}`,
		"another value":   `{` + a + `,` + b + `,"__metadata__":{"k":"w",` + sums + `}}`,
		"one sum alone":   `{` + a + `,` + b + `,"__metadata__":{` + meta + `,` + header + `}}`,
		"the other alone": `{` + a + `,` + b + `,"__metadata__":{` + meta + `,` + tensors + `}}`,
		"another name": `{` + a + `,"c":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"__metadata__":{` + meta +
			`,` + sums + `}}`,
		"another shape": `{` + a + `,"b":{"dtype":"U8","shape":[1,1],"data_offsets":[1,2]},"__metadata__":{` +
			meta + `,` + sums + `}}`,
		"another type": `{` + a + `,"b":{"dtype":"I8","shape":[1],"data_offsets":[1,2]},"__metadata__":{` + meta +
			`,` + sums + `}}`,
		"one tensor for 2": `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"__metadata__":{` + meta + `,` +
			sums + `}}`,
	} {
		err := read(edited, 1, 2)
		assert.True(t, errors.Is(err, ErrChecksum) && errors.Is(err, ErrFormat), "%s: %v", name, err)
	}
	// Elements changed, metadata kept; and then written again, with new sums.
	edited := file(`{`+a+`,`+b+`,"__metadata__":{`+meta+`,`+sums+`}}`, 1, 3)
	path := filepath.Join(t.TempDir(), "edited.safetensors")
	require.NoError(t, os.WriteFile(path, edited, 0o666))
	_, _, err := ReadFile(path)
	require.ErrorIs(t, err, ErrChecksum)
	require.ErrorContains(t, err, "safetensors.OpenUnchecked")
	f, err := OpenUnchecked(path)
	require.NoError(t, err)
	list, kept, err := f.all()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, map[string]string{"k": "v"}, kept)
	require.NoError(t, WriteFile(path, list, kept))
	_, _, err = ReadFile(path)
	assert.NoError(t, err)
	require.NoError(t, WriteFile(path, list, map[string]string{"tutti.crc32c": "stale",
		"tutti.crc32c.tensors": "stale"}))
	_, _, err = ReadFile(path)
	assert.NoError(t, err, "stale sums handed to WriteFile are replaced")
}
