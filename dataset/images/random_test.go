package images

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// moments compares the means and standard deviations of n draws with those of torchvision's n. A mean of n draws is off
// by σ/√n, a difference of two by √2 more; 5 of those are allowed. Of a deviation it is less than that.
func moments(t *testing.T, n int, draw func() [4]float64, mean, deviation [4]float64) {
	var sum, squares [4]float64
	for range n {
		for i, v := range draw() {
			sum[i] += v
			squares[i] += v * v
		}
	}
	for i := range sum {
		m := sum[i] / float64(n)
		allowed := 5 * deviation[i] * math.Sqrt(2/float64(n))
		assert.InDelta(t, mean[i], m, allowed, "mean of number %d", i)
		assert.InDelta(t, deviation[i], math.Sqrt(squares[i]/float64(n)-m*m), allowed, "deviation of number %d", i)
	}
}

// Rectangles come as torchvision's do:
//
//	torch.manual_seed(1); x = torch.zeros(3, 100, 150)
//	d = torch.tensor([RandomResizedCrop.get_params(x, [0.08, 1.0], [3/4, 4/3]) for _ in range(40000)], dtype=torch.float64)
//	d.mean(0), d.std(0)
//	d = torch.tensor([RandomErasing.get_params(x, (0.02, 0.33), (0.3, 3.3), [0.])[:4] for _ in range(40000)],
//	    dtype=torch.float64)
//	d.mean(0), d.std(0)                # top, left, height, width
func TestRectanglesAsTorchvision(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	t.Run("RandomResizedCrop", func(t *testing.T) {
		moments(t, 40000, func() [4]float64 {
			top, left, h, w := RandomResizedCrop{}.choose(100, 150, r)
			return [4]float64{float64(top), float64(left), float64(h), float64(w)}
		}, [4]float64{13.63, 37.04, 72.85, 76.1}, [4]float64{13.44, 25.2, 18.42, 22.77})
	})
	t.Run("RandomErasing", func(t *testing.T) {
		moments(t, 40000, func() [4]float64 {
			top, left, h, w, ok := RandomErasing{}.choose(100, 150, r)
			require.True(t, ok)
			return [4]float64{float64(top), float64(left), float64(h), float64(w)}
		}, [4]float64{25.35, 48.23, 49.26, 53.1}, [4]float64{19.21, 31.73, 20.75, 24.42})
	})
}

// ramp is an image whose pixels are their own numbers from 1 on.
func ramp(h, w int) *Image {
	im := &Image{C: 1, H: h, W: w, Pix: make([]uint8, h*w)}
	for i := range im.Pix {
		im.Pix[i] = uint8(i + 1)
	}
	return im
}

// A crop lies at each place equally often: a mean of n/25, and a deviation of its root.
func TestRandomCropPlaces(t *testing.T) {
	const n = 5000
	r, seen := rand.New(rand.NewPCG(1, 1)), map[string]int{}
	for range n {
		im := ramp(4, 4)
		RandomCrop{H: 2, W: 2, Pad: 1}.Apply(im, r)
		seen[fmt.Sprint(im.Pix)]++
	}
	assert.Len(t, seen, 25) // 6−2+1 by 6−2+1
	for crop, times := range seen {
		assert.InDelta(t, n/25, times, 5*math.Sqrt(n/25), crop)
	}
	assert.Contains(t, seen, "[0 0 0 1]")
	assert.Contains(t, seen, "[16 0 0 0]")
	im := ramp(1, 3) // as torchvision's pad_if_needed: by what it lacks, on both sides
	RandomCrop{H: 3, W: 3}.Apply(im, r)
	assert.Equal(t, []int{3, 3}, []int{im.H, im.W})
	assert.Subset(t, im.Pix, []uint8{1, 2, 3})
}

// The middle of a cut-out is any pixel, so that of 5×5 pixels and a square of 3 a corner is cut with probability 4/25,
// and the middle with 9/25.
func TestCutOutPlaces(t *testing.T) {
	const n = 10000
	r, cut := rand.New(rand.NewPCG(1, 1)), make([]int, 25)
	for range n {
		im := ramp(5, 5)
		CutOut{Size: 3}.Apply(im, r)
		for i, v := range im.Pix {
			if v == 0 {
				cut[i]++
			}
		}
	}
	for _, c := range []struct {
		at int
		p  float64
	}{{0, 4. / 25}, {4, 4. / 25}, {24, 4. / 25}, {12, 9. / 25}, {2, 6. / 25}} {
		assert.InDelta(t, c.p*n, cut[c.at], 5*math.Sqrt(n*c.p*(1-c.p)), "pixel %d", c.at)
	}
}

// Flips, Sometimes and RandomErasing happen with their probability, half if it is not said.
func TestProbabilities(t *testing.T) {
	const n = 4000
	for name, c := range map[string]struct {
		op Op
		p  float64
	}{
		"HorizontalFlip":     {HorizontalFlip{}, 0.5},
		"VerticalFlip 0.2":   {VerticalFlip{P: 0.2}, 0.2},
		"Sometimes 0.9":      {Sometimes{Op: HorizontalFlip{P: 1}, P: 0.9}, 0.9},
		"RandomErasing 0.25": {RandomErasing{P: 0.25}, 0.25},
		"RandomErasing":      {RandomErasing{}, 0.5},
	} {
		r, changed := rand.New(rand.NewPCG(1, 1)), 0
		for range n {
			im := ramp(12, 12)
			if c.op.Apply(im, r); !assert.ObjectsAreEqual(ramp(12, 12).Pix, im.Pix) {
				changed++
			}
		}
		assert.InDelta(t, c.p*n, changed, 5*math.Sqrt(n*c.p*(1-c.p)), name)
	}
}

// Factors reach from one end of their range to the other, and come in any order.
func TestColorJitterRange(t *testing.T) {
	r, least, most := rand.New(rand.NewPCG(1, 1)), 255, 0
	for range 2000 {
		im := &Image{C: 1, H: 1, W: 1, Pix: []uint8{100}}
		ColorJitter{Brightness: 0.3}.Apply(im, r)
		least, most = min(least, int(im.Pix[0])), max(most, int(im.Pix[0]))
	}
	assert.Equal(t, []int{70, 129}, []int{least, most}) // 130 has probability 0

	// So much contrast leaves 0 and 255. Behind it, half of all factors of brightness make less of 255; before it none
	// shows. So a quarter of the images has less than 255 if the order is random, and none or half if it is not.
	const n = 2000
	dark := 0
	for range n {
		im := &Image{C: 1, H: 1, W: 2, Pix: []uint8{50, 150}}
		if (ColorJitter{Brightness: 0.5, Contrast: 1e6}).Apply(im, r); im.Pix[1] < 255 {
			dark++
		}
	}
	assert.InDelta(t, n/4, dark, 5*math.Sqrt(n*3/16))
}

// An Affine that may only move does so by whole pixels, up to its part of the size.
func TestAffineMoves(t *testing.T) {
	r, seen := rand.New(rand.NewPCG(1, 1)), map[int]bool{}
	for range 500 {
		im := ramp(5, 10)
		Affine{Translate: [2]float64{0.2, 0}}.Apply(im, r)
		shift := -99
		for dx := -9; dx <= 9; dx++ {
			same := true
			for x := range 10 {
				want := uint8(0)
				if x-dx >= 0 && x-dx < 10 {
					want = uint8(x - dx + 1)
				}
				same = same && im.Pix[x] == want
			}
			if same {
				shift = dx
			}
		}
		seen[shift] = true
	}
	assert.Equal(t, map[int]bool{-2: true, -1: true, 0: true, 1: true, 2: true}, seen)
}
