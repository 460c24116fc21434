package launch

// What a user may say about how the ranks meet.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tutti-ml/tutti/collectives"
)

// The values of a Config's Transport.
const (
	Auto   = "auto"
	InProc = "inproc"
	TCP    = "tcp"
	Unix   = "unix"
	Shm    = "shm"
	MPI    = "mpi"
)

// Transports lists the values of a Config's Transport.
func Transports() []string { return []string{Auto, InProc, TCP, Unix, Shm, MPI} }

// Config says how Open joins the ranks. Its zero value is right nearly always. It must be the same on every rank, but
// for Listen.
type Config struct {
	// Transport carries the messages: "auto" (also ""), "inproc" (a group of one: for more ranks in one process see
	// Local), "tcp", "unix" (unix sockets: all ranks on one host), "shm" (shared memory: the same, on Linux) or "mpi".
	// Auto takes MPI when this binary has it (build tag mpi) and an MPI launcher started this process, otherwise TCP when
	// the environment tells of several ranks, with shared memory or unix sockets between those of one host, otherwise
	// inproc.
	Transport string

	// Group is the configuration of the group: algorithm and timeout of its operations.
	Group collectives.Config

	// OpenTimeout bounds how long Open waits for the other ranks, in addition to its context. 0 means 1 minute.
	OpenTimeout time.Duration

	// Regroup is how long Reopen waits for ranks of which nobody knows whether they live; who comes later is left out. It
	// must exceed the longest time by which one rank can learn of a loss after another: from its next operation, as a rule.
	// 0 means 10 seconds.
	Regroup time.Duration

	// TLS encrypts what goes over TCP, for a third of the bandwidth. Only the ranks' own connections: the store, where
	// they leave their addresses, is sealed but not encrypted in any case.
	TLS bool

	// Listen is the host or address at which this rank accepts connections over TCP. "" means the address from which
	// this rank reaches the store. Where that is loopback, and rank 0 serves the store to other hosts too, it means all
	// interfaces, as 0.0.0.0 does: the others then try each address of this host.
	Listen string
}

// DefaultRegroup is the value of a Config's Regroup when it is 0.
const DefaultRegroup = 10 * time.Second

// DefaultOpenTimeout is the value of a Config's OpenTimeout when it is 0.
const DefaultOpenTimeout = time.Minute

// Validate names the first field that cannot be, and its value.
func (c Config) Validate() error {
	if c.Transport != "" && !slices.Contains(Transports(), c.Transport) {
		return fmt.Errorf("launch: Config: Transport = %q: one of %s", c.Transport, strings.Join(Transports(), ", "))
	}
	if c.OpenTimeout < 0 {
		return fmt.Errorf("launch: Config: OpenTimeout = %v: a duration ≥ 0", c.OpenTimeout)
	}
	if c.Regroup < 0 {
		return fmt.Errorf("launch: Config: Regroup = %v: a duration ≥ 0", c.Regroup)
	}
	return c.Group.Validate()
}
