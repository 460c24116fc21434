package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FashionMNISTDir is where Debian's package dataset-fashion-mnist puts the files, and where FashionMNIST looks by default.
const FashionMNISTDir = "/usr/share/datasets/fashion-mnist"

// FashionMNIST reads Fashion-MNIST, 60,000 training and 10,000 test images of clothing in 10 classes, from dir, or from
// FashionMNISTDir where dir is empty. Samples are [1, 28, 28] with pixels in 0 … 1. It takes 55 MB of memory.
//
// MNIST and its other relatives come as files of the same names, and can be read from a directory of their own.
//
// The four files have the names they were published under, with or without .gz. Where one is missing the error says how to get
// them, and is fs.ErrNotExist.
// Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747; MIT licence.
func FashionMNIST(dir string) (train, test Source, err error) {
	dir = cmp.Or(dir, FashionMNISTDir)
	train, err = openMNIST(dir, "train", "fashion-mnist train")
	if err == nil {
		test, err = openMNIST(dir, "t10k", "fashion-mnist test")
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w (apt-get install dataset-fashion-mnist, or put train-images-idx3-ubyte, train-labels-idx1-ubyte, "+
			"t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz, into the data directory)", err)
	}
	if err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

func openMNIST(dir, prefix, name string) (*Memory, error) {
	return OpenIDX(plainOrGzip(dir, prefix+"-images-idx3-ubyte"), plainOrGzip(dir, prefix+"-labels-idx1-ubyte"), IDXConfig{Name: name})
}

// plainOrGzip returns the path of the file name in dir, or of name.gz where there is no plain one.
func plainOrGzip(dir, name string) string {
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		return path + ".gz"
	}
	return path
}
