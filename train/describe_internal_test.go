package train

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/train/optim"
)

// A number that is really zero is shown by the name that a program gives it: 0 is the default, and another setting.
func TestDescribeZero(t *testing.T) {
	assert.Equal(t, "{LR:0 Beta1:0 Beta2:0 Eps:Zero WeightDecay:0.5 AMSGrad:false}", describe(optim.AdamW{Eps: optim.Zero, WeightDecay: 0.5}))
}
