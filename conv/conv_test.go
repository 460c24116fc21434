package conv_test

import (
	"testing"

	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/conv/convtest"
)

func TestAlgorithms(t *testing.T) {
	for _, a := range conv.Algorithms {
		t.Run(a.Name, func(t *testing.T) { convtest.Test(t, a) })
	}
}
