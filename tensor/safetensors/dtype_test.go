package safetensors

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// The reference implementation, safetensors 0.8.0, names its types when it meets another: "unknown variant `C128`,
// expected one of `BOOL`, `F4`, `F6_E2M3`, `F6_E3M2`, `U8`, `I8`, `F8_E5M2`, `F8_E4M3`, `F8_E8M0`, `F8_E4M3FNUZ`,
// `F8_E5M2FNUZ`, `I16`, `U16`, `F16`, `BF16`, `I32`, `U32`, `F32`, `C64`, `F64`, `I64`, `U64`". Eight elements of each
// take the bytes given here.
func TestEveryTypeOfTheReferenceIsListed(t *testing.T) {
	for typ, size := range map[string]int{
		"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
		"F8_E4M3FNUZ": 8,
		"F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64,
		"F64": 64,
		"I64": 64, "U64": 64,
	} {
		t.Run(typ, func(t *testing.T) {
			data := file(fmt.Sprintf(`{"x":{"dtype":"%s","shape":[2,4],"data_offsets":[0,%d]},"y":{"dtype":"U8","shape":[2],"data_offsets":[%[2]d,%d]}}`,
				typ, size, size+2), append(make([]byte, size), 5, 6)...)
			f, err := NewReader(bytes.NewReader(data), int64(len(data)))
			require.NoError(t, err)
			require.Len(t, f.Infos(), 2)
			info := f.Infos()[0]
			assert.Equal(t, typ, info.Type)
			assert.Equal(t, []int{2, 4}, info.Shape)
			assert.Equal(t, int64(size), info.Bytes())
			y, err := f.Tensor("y")
			require.NoError(t, err)
			assert.Equal(t, []uint8{5, 6}, tensor.Data[uint8](y))

			x, err := f.Tensor("x")
			_, _, all := Read(bytes.NewReader(data))
			if info.DType == 0 {
				assert.EqualError(t, err,
					`safetensors: input: tensor "x": no dtype for these elements: they are `+typ+`; Open lists it, and reads the others by name`)
				assert.ErrorIs(t, err, ErrDType)
				assert.NotErrorIs(t, err, ErrFormat)
				assert.ErrorIs(t, all, ErrDType)
				return
			}
			require.NoError(t, err)
			require.NoError(t, all)
			assert.Equal(t, info.DType, x.DType())
		})
	}
}

// numpy.array([1, 65535, 32768], "<u2").view("<i2") is [1, -1, -32768], and of 4 bytes likewise.
func TestIntegersThatAreWidened(t *testing.T) {
	data := file(`{"i":{"dtype":"I16","shape":[3],"data_offsets":[0,6]},"u":{"dtype":"U16","shape":[3],"data_offsets":[6,12]},`+
		`"w":{"dtype":"U32","shape":[2],"data_offsets":[12,20]}}`,
		1, 0, 255, 255, 0, 128, 1, 0, 255, 255, 0, 128, 1, 0, 0, 0, 255, 255, 255, 255)
	list, _, err := Read(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Equal(t, []int32{1, -1, -32768}, tensor.Data[int32](list[0].Tensor))
	assert.Equal(t, []int32{1, 65535, 32768}, tensor.Data[int32](list[1].Tensor))
	assert.Equal(t, []int64{1, 4294967295}, tensor.Data[int64](list[2].Tensor))
}
