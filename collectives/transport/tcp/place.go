package tcp

// Which ranks share a host, as their addresses say.

import (
	"context"
	"fmt"
)

// places reads every rank's address and returns the names of their hosts. A rank that takes no local connections names
// none, and counts as alone on its host.
func (m *meeting) places(ctx context.Context) ([]string, error) {
	hosts := make([]string, m.c.Size)
	for r := range hosts {
		text, err := m.c.Store.Get(ctx, m.key(r))
		if err != nil {
			return nil, fmt.Errorf("the address of rank %d: %w", r, err)
		}
		a, err := parseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("rank %d: %w", r, err)
		}
		if hosts[r] = a.host; a.host == "" {
			hosts[r] = fmt.Sprintf("rank %d", r)
		}
	}
	return hosts, nil
}

// SharesMemory implements transport.Sharer. It tells of what is meant to be, so that all ranks say the same: between
// two of a host, as in containers, shared memory may not work.
func (t *Transport) SharesMemory() bool {
	return shmAvailable && t.c.Carrier != TCP && t.c.Carrier != Unix
}

// Host implements transport.Placer.
func (t *Transport) Host(rank int) string {
	if t.hosts == nil { // a world of one
		return ""
	}
	return t.hosts[rank]
}
