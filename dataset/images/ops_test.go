package images

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reference is testdata/ops.json, by testdata/ops.py.
func reference(t *testing.T) map[string]json.RawMessage {
	text, err := os.ReadFile("testdata/ops.json")
	require.NoError(t, err)
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &all))
	return all
}

func picture(t *testing.T, text json.RawMessage) pillow {
	var p pillow
	require.NoError(t, json.Unmarshal(text, &p))
	return p
}

// source returns the reference's image.
func source(t *testing.T, all map[string]json.RawMessage, c int) *Image {
	p := picture(t, all["source"])
	if c == 1 {
		return &Image{C: 1, H: p.H, W: p.W, Pix: bytes.Clone(p.L)}
	}
	return &Image{C: 3, H: p.H, W: p.W, Pix: bytes.Clone(p.RGB)}
}

// do is what a line of the reference does.
func do(t *testing.T, name string, im *Image) {
	word, rest, _ := strings.Cut(name, " ")
	scan := func(format string, to ...any) {
		_, err := fmt.Sscanf(rest, format, to...)
		require.NoError(t, err, name)
	}
	var a, b int
	var f float64
	var s string
	switch word {
	case "resize":
		scan("%s %d %d", &s, &a, &b)
		filter := map[string]Filter{"bilinear": Bilinear, "bicubic": Bicubic, "lanczos": Lanczos, "box": Box,
			"nearest": Nearest}[s]
		Resize{H: a, W: b, Filter: filter}.Apply(im, nil)
	case "shorter":
		scan("%d", &a)
		ResizeShorter{Size: a}.Apply(im, nil)
	case "center":
		scan("%d %d", &a, &b)
		CenterCrop{H: a, W: b}.Apply(im, nil)
	case "pad":
		padding := map[string]Padding{"constant": Constant, "edge": Edge, "reflect": Reflect, "symmetric": Symmetric}[rest]
		crop(im, -3, -3, im.H+6, im.W+6, padding, 7)
	case "hflip":
		HorizontalFlip{P: 1}.Apply(im, rand.New(rand.NewPCG(1, 1)))
	case "vflip":
		VerticalFlip{P: 1}.Apply(im, rand.New(rand.NewPCG(1, 1)))
	case "brightness", "contrast", "saturation":
		scan("%g", &f)
		map[string]func(*Image, float32){"brightness": brightness, "contrast": contrast,
			"saturation": saturation}[word](im, float32(f))
	case "hue":
		scan("%g", &f)
		hue(im, f)
	case "affine":
		var tx, ty, scale, sx, sy float64
		scan("%s %g %g %g %g %g %g", &s, &f, &tx, &ty, &scale, &sx, &sy)
		warp(im, inverse(im.H, im.W, f, tx, ty, scale, sx, sy), s == "bilinear", [3]uint8{9, 9, 9})
	default:
		t.Fatalf("%s: nothing does this", name)
	}
}

// Each Op gives Pillow's bits, and torchvision's on Pillow images, in colour and grey: testdata/ops.py.
func TestOpsAsPillow(t *testing.T) {
	all := reference(t)
	for name, text := range all {
		if name == "source" || name == "normalize" || name == "fallback" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want := picture(t, text)
			for _, c := range []int{1, 3} {
				im := source(t, all, c)
				do(t, name, im)
				require.Equal(t, []int{c, want.H, want.W}, []int{im.C, im.H, im.W})
				pixels := want.RGB
				if c == 1 {
					pixels = want.L
				}
				assert.Equal(t, 0, distance(t, pixels, im.Pix), "%d channels", c)
			}
		})
	}
}

// Floats are torchvision's ToTensor, Normalize and erase, to the bit: testdata/ops.py.
func TestNormalizeAsTorchvision(t *testing.T) {
	all := reference(t)
	var want struct{ Unit, Once, Twice, Erased []byte }
	require.NoError(t, json.Unmarshal(all["normalize"], &want))
	same := func(want []byte, got []float32) {
		require.Equal(t, len(want), 4*len(got))
		for i, v := range got {
			require.Equal(t, binary.LittleEndian.Uint32(want[4*i:]), math.Float32bits(v), "element %d", i)
		}
	}
	im := source(t, all, 3)
	im.Floats(unit[:])
	same(want.Unit, im.Float)

	im = source(t, all, 3)
	ImageNet.Apply(im, nil)
	same(want.Once, im.Float)
	Normalize{Mean: []float64{0.1}, Std: []float64{0.7}}.Apply(im, nil)
	same(want.Twice, im.Float)

	im = source(t, all, 3)
	ImageNet.Apply(im, nil)
	erase(im, 3, 4, 5, 6, []float64{1, 2, 3})
	same(want.Erased, im.Float)
}

// Where no draw fits, RandomResizedCrop takes torchvision's middle: testdata/ops.py.
func TestRandomResizedCropFallback(t *testing.T) {
	var rows [][]float64
	require.NoError(t, json.Unmarshal(reference(t)["fallback"], &rows))
	require.NotEmpty(t, rows)
	for _, v := range rows {
		o := RandomResizedCrop{Scale: [2]float64{v[2], v[3]}, Ratio: [2]float64{v[4], v[5]}}
		top, left, h, w := o.choose(int(v[0]), int(v[1]), rand.New(rand.NewPCG(1, 2)))
		assert.Equal(t, v[6:], []float64{float64(top), float64(left), float64(h), float64(w)}, "%v", v[:6])
	}
}
