package tensor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// The file is written by testdata/print.py.
func TestPrintsAsNumPy(t *testing.T) {
	var cases []struct {
		Name, DType, Text string
		Shape             []int
		Data              []json.RawMessage
		Scale             float64
		Options           struct {
			Precision                       *int
			Threshold, EdgeItems, LineWidth int
			Suppress                        bool
		}
	}
	file, err := os.ReadFile("testdata/print.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(file, &cases))
	require.Greater(t, len(cases), 100)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			var x *tensor.Tensor
			if d := dtypeNamed(c.DType); c.Scale != 0 {
				n := 1
				for _, s := range c.Shape {
					n *= s
				}
				x = tensor.Scale(tensor.Arange(tensor.Float64, 0, float64(n), 1), c.Scale).Cast(d).Reshape(c.Shape...)
			} else {
				x = parsed(t, d, c.Data, c.Shape)
			}
			o := c.Options
			f := tensor.Format{Threshold: o.Threshold, Edge: o.EdgeItems, Width: o.LineWidth, Suppress: o.Suppress}
			if o.Precision != nil {
				if f.Precision = *o.Precision; f.Precision == 0 {
					f.Precision = -1
				}
			}
			want := c.Text
			if x.DType() == tensor.Bool {
				want = strings.ToLower(want)
			}
			assert.Equal(t, want, f.Sprint(x))
			if r := x.Rank(); r > 1 && x.Len() > 1 { // a view with gaps prints the same
				apart := tensor.New(x.DType(), append(append([]int{}, x.Shape()...), 2)...).Transpose(0, r).Transpose(0, r).Select(r, 1)
				require.False(t, apart.IsContiguous())
				apart.CopyFrom(x)
				assert.Equal(t, want, f.Sprint(apart))
			}
			if o.Precision == nil && f == (tensor.Format{}) {
				assert.Equal(t, fmt.Sprintf("%s %v %v", want, x.DType(), x.Shape()), x.String())
			}
		})
	}
}

func TestPrintBFloat16(t *testing.T) { // NumPy has none
	x := tensor.FromSlice([]float32{0.1, 1. / 3, 2, -3.5, 300}).Cast(tensor.BFloat16)
	assert.Equal(t, "[ 1.00e-01  3.34e-01  2.00e+00 -3.50e+00  3.00e+02] bfloat16 [5]", x.String())
	assert.Equal(t, "[ 0.1    0.334  2.    -3.5  ] bfloat16 [4]", x.Slice(0, 0, 4).String())
}

func dtypeNamed(name string) tensor.DType {
	for d := tensor.Float32; d <= tensor.Int8; d++ {
		if d.String() == name {
			return d
		}
	}
	panic("no such dtype: " + name)
}

// parsed returns a tensor of what a Python program wrote: integers, or floats as hexadecimal strings.
func parsed(t *testing.T, d tensor.DType, data []json.RawMessage, shape []int) *tensor.Tensor {
	if d.IsFloat() {
		x := make([]float64, len(data))
		for i, raw := range data {
			v, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
			require.NoError(t, err)
			x[i] = v
		}
		return tensor.FromSlice(x).Reshape(shape...).Cast(d)
	}
	x := make([]int64, len(data))
	for i, raw := range data {
		require.NoError(t, json.Unmarshal(raw, &x[i]))
	}
	return tensor.FromSlice(x).Reshape(shape...).Cast(d)
}
