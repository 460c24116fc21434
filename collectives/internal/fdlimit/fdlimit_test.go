package fdlimit

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExplain(t *testing.T) {
	assert.NoError(t, Explain(nil))
	other := errors.New("other")
	assert.Equal(t, other, Explain(other))
	full := fmt.Errorf("accept: %w", syscall.EMFILE)
	err := Explain(full)
	assert.ErrorIs(t, err, syscall.EMFILE)
	if n, known := Max(); known {
		assert.ErrorContains(t, err, fmt.Sprintf("this process may have %d (ulimit -n)", n))
		assert.NoError(t, Need(3))
		if n < 1<<40 {
			assert.ErrorIs(t, Need(int(n)+1), syscall.EMFILE)
		}
	}
}
