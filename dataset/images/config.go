package images

import (
	"cmp"
	"fmt"
	"runtime"

	"github.com/tutti-ml/tutti/tensor"
)

// Config says how images become samples. The zero value gives RGB images [3, H, W] of one size, as Float32 from 0 to 1.
type Config struct {
	Name string // of the source, for messages; default: the folder
	Gray bool   // one channel [1, H, W], in place of three
	Ops  Ops    // what is done to each image, in order
	// Bytes makes samples of Uint8, 0 … 255, in place of Float32. Then no Op may make floats.
	Bytes bool
	// Seed of random Ops. What they draw is a function of (Seed, Batch.Epoch, number of the sample in this source).
	Seed uint64

	// Stored leaves pixels as they are stored. Without it an image is turned upright as its EXIF orientation says, as
	// viewers show it. Training with torchvision's ImageFolder ignores the orientation, unless it is asked to apply it.
	Stored bool
	// MaxPixels refuses an image by its header, before memory is taken. Default 89,478,485, at which Pillow warns.
	MaxPixels int
	// MaxBytes refuses an encoded image that is longer. Default 256 MiB.
	MaxBytes int64
	// Workers is the number of goroutines that decode images of one Fill. It changes no sample. Default GOMAXPROCS.
	Workers int

	// ClassNames are the classes' folders, by number. Default: all folders, in the order of their bytes, each with at
	// least one image. With ClassNames a class may be without images, and another folder is an error.
	ClassNames []string
	// Unlabelled takes all images below the folder, in the order of their paths, and gives no target: for prediction.
	Unlabelled bool
	// Extensions are those of images, in small letters and with their dot; default .jpg, .jpeg, .png. What a file holds is
	// told by its first bytes, and any format registered with package image is decoded: import golang.org/x/image/webp
	// for its effect and add ".webp".
	Extensions []string
	// SkipOthers leaves out files of other extensions. Without it they are an error that lists the first of them.
	SkipOthers bool
}

func (c Config) withDefaults(name string) Config {
	c.Name = cmp.Or(c.Name, name)
	c.MaxPixels = cmp.Or(c.MaxPixels, 89_478_485)
	c.MaxBytes = cmp.Or(c.MaxBytes, 256<<20)
	c.Workers = cmp.Or(c.Workers, runtime.GOMAXPROCS(0))
	if c.Extensions == nil {
		c.Extensions = []string{".jpg", ".jpeg", ".png"}
	}
	return c
}

// check reports the first field that has no meaning, and how images leave the Ops.
func (c Config) check() (Form, error) {
	switch {
	case c.MaxPixels < 0 || c.MaxBytes < 0 || c.Workers < 0:
		return Form{}, fmt.Errorf("images: Config: MaxPixels %d, MaxBytes %d, Workers %d: want none below 0", c.MaxPixels,
			c.MaxBytes, c.Workers)
	case c.Unlabelled && c.ClassNames != nil:
		return Form{}, fmt.Errorf("images: Config: Unlabelled, and %d ClassNames", len(c.ClassNames))
	}
	form := Form{C: c.channels()}
	for i, op := range c.Ops {
		if op == nil {
			return Form{}, fmt.Errorf("images: Config: Ops[%d] is nil", i)
		}
		var err error
		if form, err = op.Form(form); err != nil {
			return Form{}, fmt.Errorf("images: Config: Ops[%d], %T: %w", i, op, err)
		}
	}
	if c.Bytes && form.Float {
		return Form{}, fmt.Errorf("images: Config: Bytes, but the Ops make floats")
	}
	return form, nil
}

func (c Config) channels() int {
	if c.Gray {
		return 1
	}
	return 3
}

func (c Config) dtype() tensor.DType {
	if c.Bytes {
		return tensor.Uint8
	}
	return tensor.Float32
}
