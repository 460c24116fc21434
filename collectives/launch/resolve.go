package launch

import (
	"fmt"
	"os"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// Resolve says which transport Open will use in this process, "inproc", "tcp" or "mpi", so that a program can start its
// ranks with Local where no launcher did. It returns an error for what Open would refuse without meeting anybody.
func (c Config) Resolve() (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	spec, err := rendezvous.Find(os.Getenv)
	if err != nil {
		return "", fmt.Errorf("launch: %w", err)
	}
	return c.choose(spec), nil
}
