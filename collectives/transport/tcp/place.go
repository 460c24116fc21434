package tcp

// Which ranks share a host, as their addresses say.

import "fmt"

// places returns the names of all ranks' hosts. A rank that takes no local connections names none, and counts as alone
// on its host.
func (m *meeting) places() []string {
	hosts := make([]string, m.c.Size)
	for r, a := range m.addresses {
		if hosts[r] = a.host; a.unix == "" {
			hosts[r] = fmt.Sprintf("rank %d", r)
		}
	}
	return hosts
}

// neighbours returns how many ranks share this one's host, itself included.
func (t *Transport) neighbours() (n int) {
	for r := range t.c.Size {
		if t.Host(r) == t.Host(t.c.Rank) {
			n++
		}
	}
	return n
}

// crowd returns how many ranks the host with the most has.
func (t *Transport) crowd() (most int) {
	ranks := map[string]int{}
	for r := range t.c.Size {
		ranks[t.Host(r)]++
		most = max(most, ranks[t.Host(r)])
	}
	return most
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
