package images_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log"
	"math/rand/v2"
	"testing/fstest"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset/images"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// stripes draws a photo of stripes, across or upright, in any colours.
func stripes(r *rand.Rand, upright bool) []byte {
	h, w := 40+r.IntN(20), 40+r.IntN(20)
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	a, b := uint8(r.IntN(100)), uint8(150+r.IntN(100))
	width := 4 + r.IntN(3)
	for y := range h {
		for x := range w {
			at := y
			if upright {
				at = x
			}
			v := a
			if at/width%2 == 0 {
				v = b
			}
			m.SetRGBA(x, y, color.RGBA{v, uint8(r.IntN(256)), 255 - v, 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Net is a small convolutional network.
type Net struct {
	Conv *layers.Conv2D
	Out  *layers.Linear
}

func (n *Net) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	x = autograd.MaxPool2D(autograd.ReLU(n.Conv.Forward(t, x)), autograd.Pool2DOptions{R: 2, S: 2})
	return n.Out.Forward(t, autograd.Flatten(x))
}

// A network learns to tell the photos of two folders apart. Here the folders are in memory; os.DirFS gives those of a
// disk.
func Example() {
	files, r := fstest.MapFS{}, rand.New(rand.NewPCG(1, 1))
	for i := range 60 {
		set := "train"
		if i >= 40 {
			set = "test"
		}
		files[fmt.Sprintf("%s/across/%d.jpg", set, i)] = &fstest.MapFile{Data: stripes(r, false)}
		files[fmt.Sprintf("%s/upright/%d.jpg", set, i)] = &fstest.MapFile{Data: stripes(r, true)}
	}
	half := images.Normalize{Mean: []float64{0.5}, Std: []float64{0.25}}
	trainSet, err := images.Folder(files, "train", images.Config{Seed: 1, Ops: images.Ops{
		images.RandomResizedCrop{H: 16, W: 16, Scale: [2]float64{0.3, 0.6}}, images.HorizontalFlip{}, half}})
	if err != nil {
		log.Fatal(err)
	}
	testSet, err := images.Folder(files, "test", images.Config{Ops: images.Ops{
		images.ResizeShorter{Size: 24}, images.CenterCrop{H: 16, W: 16}, half}})
	if err != nil {
		log.Fatal(err)
	}
	report, err := train.Run(context.Background(), train.Config{
		Model:     &Net{layers.NewConv2D(r, layers.Conv2DConfig{In: 3, Out: 8, Kernel: 3}), layers.NewLinear(r, 8*7*7, 2)},
		Loss:      layers.CrossEntropy{},
		Optimizer: optim.Adam{LR: 0.01},
		Train:     trainSet, Test: testSet, Epochs: 8, BatchSize: 16,
	})
	if err != nil {
		log.Fatal(err)
	}
	y, _ := trainSet.Spec().Output()
	fmt.Println(y.ClassNames, trainSet.Spec().Input().Shape)
	fmt.Println("test accuracy above 0.9:", report.Test().Accuracy() > 0.9)
	// Output:
	// [across upright] [3 16 16]
	// test accuracy above 0.9: true
}
