package inproc_test

import (
	"testing"

	"github.com/tutti-ml/tutti/collectives/collectivestest"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
)

func TestConformance(t *testing.T) {
	collectivestest.Run(t, func(_ *testing.T, n int) []transport.Transport { return inproc.NewWorld(n) })
}
