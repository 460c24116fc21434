package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// The tests of this package run every kernel that the machine has. A run that asks for an ISA it lacks must fail.
func TestAskedISA(t *testing.T) { require.NoError(t, cpu.Check()) }
