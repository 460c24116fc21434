package tensorboard

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"time"

	"github.com/tutti-ml/tutti/tensor"
)

// Image writes a picture as PNG. [Picture] makes one of a tensor.
func (w *Writer) Image(tag string, img image.Image, step int64) error {
	if err := checkTag(tag); err != nil {
		return err
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, img); err != nil {
		return fmt.Errorf("tensorboard: image %s at step %d: %w", tag, step, err)
	}
	return w.write(time.Time{}, step, func(b []byte) []byte {
		b, sum := open(b, eventSummary)
		b, value := open(b, 1)
		b = appendString(b, valueTag, tag)
		b, at := open(b, valueImage)
		b = appendInt(b, 1, int64(img.Bounds().Dy()))
		b = appendInt(b, 2, int64(img.Bounds().Dx()))
		b = appendInt(b, 3, colorspace(img))
		b = appendString(b, 4, encoded.Bytes())
		return shut(shut(shut(b, at), value), sum)
	})
}

// colorspace is the number of channels, as Summary.Image counts them.
func colorspace(img image.Image) int64 {
	switch img.ColorModel() {
	case color.GrayModel, color.Gray16Model:
		return 1
	}
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		return 3
	}
	return 4
}

// Picture makes an image of t, [C, H, W] with one channel (grey), three (red, green, blue) or four (and opacity, that
// the colours are not multiplied by); [H, W] is grey. A Uint8 tensor holds 0 to 255. Float32 and Float64 hold 0 to 1,
// are clipped to it, multiplied by 255 and rounded to the nearest; NaN is 0. Any other shape or dtype is an error.
func Picture(t *tensor.Tensor) (image.Image, error) {
	if t.Rank() == 2 {
		t = t.Unsqueeze(0)
	}
	if t.Rank() != 3 || t.Dim(0) != 1 && t.Dim(0) != 3 && t.Dim(0) != 4 || t.Len() == 0 {
		return nil, fmt.Errorf("tensorboard: Picture: shape %v, want [H W], or [C H W] with 1, 3 or 4 channels", t.Shape())
	}
	c, h, w := t.Dim(0), t.Dim(1), t.Dim(2)
	var at func(i int) uint8
	switch t = t.Contiguous(); t.DType() {
	case tensor.Uint8:
		data := tensor.Data[uint8](t)
		at = func(i int) uint8 { return data[i] }
	case tensor.Float32:
		data := tensor.Data[float32](t)
		at = func(i int) uint8 { return level(float64(data[i])) }
	case tensor.Float64:
		data := tensor.Data[float64](t)
		at = func(i int) uint8 { return level(data[i]) }
	default:
		return nil, fmt.Errorf("tensorboard: Picture: dtype %v, want uint8, float32 or float64", t.DType())
	}
	area := image.Rect(0, 0, w, h)
	if c == 1 {
		img := image.NewGray(area)
		for i := range h * w {
			img.Pix[i] = at(i)
		}
		return img, nil
	}
	img := image.NewNRGBA(area)
	for i := range h * w {
		img.Pix[4*i+3] = 255
		for k := range c {
			img.Pix[4*i+k] = at(k*h*w + i)
		}
	}
	return img, nil
}

func level(v float64) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(math.Round(255 * min(v, 1)))
}
