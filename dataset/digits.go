package dataset

import (
	"bytes"
	_ "embed"
	"sync"
)

//go:generate go run digits_gen.go

// digitsArrow is an Arrow IPC file with columns pixels (FixedSizeList<uint8>[64]) and label (uint8); digits_gen.go made it.
//
//go:embed digits.arrow
var digitsArrow []byte

// digitsSeed draws the held-out fifth. Another seed is another split, and figures that do not compare.
const digitsSeed = 1998

// Digits returns 1,797 images of handwritten digits, which are part of the program: no file and no network is needed.
// Samples are [1, 8, 8] with pixels in 0 … 1, classes 0 … 9. test is a held-out fifth, 360 samples, the same at every
// call: Split with fraction 0.2 and a fixed seed, so that each digit is held out in proportion. train has the other
// 1,437. The same writers occur in both. The images are decoded at the first call and shared by all.
//
// Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998,
// doi 10.24432/C50P49, the part of it that scikit-learn carries; licensed under CC BY 4.0 (see digits.LICENSE).
func Digits() (train, test Source, err error) {
	d := digits()
	return d.train, d.test, d.err
}

type digitsSplit struct {
	train, test Source
	err         error
}

// digits decodes and splits the images at its first call.
var digits = sync.OnceValue(func() (d digitsSplit) {
	m, err := ReadArrow(bytes.NewReader(digitsArrow), ArrowConfig{
		Name: "digits", Features: []string{"pixels"}, Shape: []int{1, 8, 8}, Classes: 10, Scale: 1.0 / 16,
	})
	if err != nil {
		return digitsSplit{err: err}
	}
	d.train, d.test, d.err = Split(m, 0.2, digitsSeed)
	return d
})
