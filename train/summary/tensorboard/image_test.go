package tensorboard_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

func TestImage(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 2, 1))
	grey.Pix = []uint8{3, 200}
	colour := image.NewNRGBA(image.Rect(10, 10, 11, 13))
	for i := range colour.Pix {
		colour.Pix[i] = 255
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	for _, c := range []struct {
		img      image.Image
		channels uint64
	}{{grey, 1}, {colour, 3}, {clear, 4}} {
		w, _ := at(t)
		require.NoError(t, w.Image("digit", c.img, 5))
		require.NoError(t, w.Close())
		event := events(t, w.Path())[1]
		require.Equal(t, uint64(5), event.numbers[2])
		v := event.values(t)[0]
		require.Equal(t, "digit", string(v.bytes[1][0]))
		m := decode(t, v.bytes[4][0])
		size := c.img.Bounds().Size()
		require.Equal(t, map[int]uint64{1: uint64(size.Y), 2: uint64(size.X), 3: c.channels}, m.numbers)
		back, err := png.Decode(bytes.NewReader(m.bytes[4][0]))
		require.NoError(t, err)
		for y := range size.Y {
			for x := range size.X {
				from := c.img.Bounds().Min
				r, g, b, a := c.img.At(from.X+x, from.Y+y).RGBA()
				R, G, B, A := back.At(x, y).RGBA()
				require.Equal(t, []uint32{r, g, b, a}, []uint32{R, G, B, A})
			}
		}
	}
}

// TestPicture: 0.5·255 = 127.5 goes to 128; what is out of 0 to 1 is clipped.
func TestPicture(t *testing.T) {
	nan := float32(math.NaN())
	img, err := tensorboard.Picture(tensor.FromSlice([]float32{0, 0.5, 1, -1, 2, nan}, 2, 3))
	require.NoError(t, err)
	require.Equal(t, []uint8{0, 128, 255, 0, 255, 0}, img.(*image.Gray).Pix)

	rgb := tensor.FromSlice([]uint8{1, 2, 3, 4, 5, 6}, 3, 1, 2)
	img, err = tensorboard.Picture(rgb)
	require.NoError(t, err)
	require.Equal(t, color.NRGBA{2, 4, 6, 255}, img.At(1, 0))
	img, err = tensorboard.Picture(rgb.Transpose(1, 2))
	require.NoError(t, err)
	require.Equal(t, color.NRGBA{2, 4, 6, 255}, img.At(0, 1), "a view")

	img, err = tensorboard.Picture(tensor.FromSlice([]float64{0, 0, 1, 0.2}, 4, 1, 1))
	require.NoError(t, err)
	require.Equal(t, color.NRGBA{0, 0, 255, 51}, img.At(0, 0))

	for _, bad := range []*tensor.Tensor{tensor.New(tensor.Float32, 2, 3, 3), tensor.New(tensor.Float32, 3),
		tensor.New(tensor.Int64, 3, 3), tensor.New(tensor.Float32, 1, 0, 3)} {
		_, err := tensorboard.Picture(bad)
		require.ErrorContains(t, err, "tensorboard: Picture")
	}
}
