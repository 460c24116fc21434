package dataset

import (
	"bytes"
	_ "embed"
	"sync"
)

//go:generate go run digits_gen.go

// digitsImages and digitsLabels are IDX files, [1797, 8, 8] and [1797] of unsigned bytes; digits_gen.go made them.
//
//go:embed digits-images.idx3
var digitsImages []byte

//go:embed digits-labels.idx1
var digitsLabels []byte

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
	m, err := decodeDigits()
	if err != nil {
		return digitsSplit{err: err}
	}
	d.train, d.test, d.err = Split(m, 0.2, digitsSeed)
	return d
})

func decodeDigits() (*Memory, error) {
	const limit = 1 << 20
	dims, pixels, err := readIDX(bytes.NewReader(digitsImages), int64(len(digitsImages)), "digits-images.idx3", limit)
	if err != nil {
		return nil, err
	}
	_, classes, err := readIDX(bytes.NewReader(digitsLabels), int64(len(digitsLabels)), "digits-labels.idx1", limit)
	if err != nil {
		return nil, err
	}
	return idxMemory("digits-labels.idx1", dims, pixels, classes, IDXConfig{Name: "digits", Classes: 10, Scale: 1.0 / 16})
}
