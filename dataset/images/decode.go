package images

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/tutti-ml/tutti/dataset"
)

// decode makes im the image that data encodes, upright, with one channel or three. What it says of a size is believed
// only as far as the limit and the length of data bear it out, before memory is taken.
//
// The colours are those of Pillow's convert("RGB") and convert("L"): transparency is dropped, not laid on a background;
// of 16 bits the upper 8 count (Pillow does so for colour, and clips grey values at 255).
func decode(im *Image, data []byte, c *Config) error {
	head, orientation := data[:min(len(data), 512)], 1
	var config image.Config
	var err error
	var most int // pixels that so many bytes can hold
	decoder := func(r io.Reader) (image.Image, error) { m, _, err := image.Decode(r); return m, err }
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		s, bad := scanJPEG(data)
		if bad != nil {
			return bad
		}
		orientation = s.orientation
		config, err = jpeg.DecodeConfig(bytes.NewReader(data))
		// A block of 8×8 pixels takes at least a bit.
		most, decoder = 64*8*len(data), jpeg.Decode
	case bytes.HasPrefix(data, []byte(pngMagic)):
		orientation = orientationOfPNG(data)
		config, err = png.DecodeConfig(bytes.NewReader(data))
		// Deflate makes at most 1032 bytes of one, and a byte holds at most 8 pixels.
		most, decoder = 1032*8*len(data), png.Decode
	default:
		config, _, err = image.DecodeConfig(bytes.NewReader(data))
		most = c.MaxPixels
		if errors.Is(err, image.ErrFormat) {
			if what := dataset.LooksLike(head); what != "" {
				return fmt.Errorf("is %s, not an image of a known format", what)
			}
			return fmt.Errorf("is no image of a known format: it begins with % x", head[:min(len(head), 8)])
		}
	}
	switch pixels := int64(config.Width) * int64(config.Height); {
	case err != nil:
		return cutShort(err)
	case config.Width < 1 || config.Height < 1:
		return fmt.Errorf("its header says %d×%d pixels", config.Width, config.Height)
	case pixels > int64(c.MaxPixels):
		return fmt.Errorf("its header says %d×%d pixels, the limit is %d", config.Width, config.Height, c.MaxPixels)
	case pixels > int64(most):
		return fmt.Errorf("its header says %d×%d pixels, more than %d bytes can hold", config.Width, config.Height, len(data))
	}
	m, err := decoder(bytes.NewReader(data))
	if err != nil {
		return cutShort(err)
	}
	if b := m.Bounds(); b.Dx() != config.Width || b.Dy() != config.Height {
		return fmt.Errorf("its header says %d×%d pixels, it has %d×%d", config.Width, config.Height, b.Dx(), b.Dy())
	}
	im.from(m, c.channels())
	if !c.Stored {
		upright(im, orientation)
	}
	return nil
}

// cutShort says of the end of the data that the image ends too soon.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("is cut short: %w", io.ErrUnexpectedEOF)
	}
	return err
}
