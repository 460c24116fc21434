package gradtest_test

import (
	"testing"

	"github.com/tutti-ml/tutti/autograd/gradtest"
)

func TestOps(t *testing.T) {
	for _, c := range gradtest.Ops {
		t.Run(c.Name, func(t *testing.T) { gradtest.Check(t, c) })
	}
}
