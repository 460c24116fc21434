package mpi

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWarning(t *testing.T) {
	for _, c := range []struct {
		name   string
		usable int
		online string
		env    map[string]string
		warns  bool
	}{
		{"bound to one of four", 1, "0-3\n", map[string]string{"OMPI_COMM_WORLD_SIZE": "2"}, true},
		{"Hydra", 1, "0,2\n", map[string]string{"PMI_SIZE": "2"}, true},
		{"not bound", 4, "0-3\n", map[string]string{"OMPI_COMM_WORLD_SIZE": "2"}, false},
		{"the machine has one", 1, "0\n", map[string]string{"OMPI_COMM_WORLD_SIZE": "2"}, false},
		{"no launcher", 1, "0-3\n", nil, false},
		{"unknown machine", 1, "", map[string]string{"PMI_SIZE": "2"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := warning(c.usable, c.online, func(k string) string { return c.env[k] })
			assert.Equal(t, c.warns, got != "", "warning = %q", got)
		})
	}
}
