package train

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counting is a keeper of one number.
type counting struct {
	name string
	n    int
}

func (c *counting) section() string                 { return c.name }
func (c *counting) save() (any, error)              { return c.n, nil }
func (c *counting) load(text json.RawMessage) error { return json.Unmarshal(text, &c.n) }

func TestKeepers(t *testing.T) {
	sections, err := saveKept([]keeper{&counting{"Early", 3}, &counting{"Schedule", 1 << 60}})
	require.NoError(t, err)

	early, schedule, other := &counting{"Early", 0}, &counting{"Schedule", 0}, &counting{"Average", 7}
	require.NoError(t, loadKept([]keeper{schedule, early, other}, sections))
	assert.Equal(t, []int{3, 1 << 60, 7}, []int{early.n, schedule.n, other.n})

	assert.Empty(t, keptDifferences([]keeper{schedule, early}, sections))
	assert.Equal(t, []difference{{"Average", "without state", "with state"}, {"Schedule", "with state", "without state"}},
		keptDifferences([]keeper{early, other}, sections))

	err = loadKept([]keeper{early}, map[string]json.RawMessage{"Early": json.RawMessage(`"many"`)})
	require.ErrorContains(t, err, "the state of Early: json: cannot unmarshal string")

	sections, err = saveKept(nil)
	require.NoError(t, err)
	assert.Nil(t, sections) // a run without keepers writes what it wrote before
}
