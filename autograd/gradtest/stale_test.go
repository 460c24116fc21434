package gradtest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/autograd/gradtest"
	"github.com/tutti-ml/tutti/tensor"
)

// Every op names itself when an operand is of a step before, whichever operand it is.
func TestOpsRefuseStaleVars(t *testing.T) {
	for _, c := range gradtest.Ops {
		operands := len(c.Inputs)
		if c.Name == "HingeEmbedding" { // makes its targets itself
			operands = 1
		}
		for i := range operands {
			rng := rand.New(rand.NewPCG(1, 2))
			tape := autograd.NewTape(autograd.Train, rng)
			vars := func() []*autograd.Var {
				x := make([]*autograd.Var, len(c.Inputs))
				for k, in := range c.Inputs {
					x[k] = tape.Const(tensor.New(tensor.Float32, in.Shape...))
				}
				return x
			}
			old := vars()
			tape.Reset(rng)
			x := vars()
			x[i] = old[i]
			func() {
				defer func() {
					got := fmt.Sprint(recover())
					if !strings.HasPrefix(got, "autograd: ") || !strings.Contains(got, "a Var is stale") {
						t.Errorf("%s: operand %d stale: panic %q", c.Name, i, got)
					}
				}()
				c.Fn(tape, x)
			}()
		}
	}
}
