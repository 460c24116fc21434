package launch

// Where the ranks run: hosts as a user names them, and the place of each rank on them.

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// Host is where some of a job's ranks run.
type Host struct {
	Name  string // as ssh knows it, an IPv6 address without brackets; "localhost" is this host, without ssh
	Slots int    // how many ranks
}

// ParseHosts reads "a:2, b:2, c": names, or user@name, and numbers of ranks, 1 if there is none; blanks around them
// count for nothing. An IPv6 address is in brackets, "[fe80::1]:2", which may be left out where it can be read in one
// way only: "::1" is an address, and "fe80::1:2" is an error, as it may be two ranks on fe80::1. An empty entry is an
// error, and so is a host that is named twice, for its ranks are counted together.
func ParseHosts(list string) ([]Host, error) {
	var hosts []Host
	for i, item := range strings.Split(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			return nil, fmt.Errorf("launch: hosts %q: entry %d names no host", list, i+1)
		}
		h, err := parseHost(item)
		if err != nil {
			return nil, fmt.Errorf("launch: hosts: %q: %w", item, err)
		}
		hosts = append(hosts, h)
	}
	if err := checkHosts(hosts); err != nil {
		return nil, fmt.Errorf("launch: hosts: %w", err)
	}
	return hosts, nil
}

func parseHost(item string) (h Host, err error) {
	user := item[:strings.LastIndexByte(item, '@')+1]
	name, slots := item[len(user):], ""
	colon := strings.LastIndexByte(name, ':')
	switch {
	case strings.HasPrefix(name, "["):
		inside, after, closed := strings.Cut(name[1:], "]")
		if a, err := netip.ParseAddr(inside); err != nil || !a.Is6() || !closed || after != "" && after[0] != ':' {
			return h, errors.New("in brackets is an IPv6 address, and behind them at most :ranks")
		}
		name, slots = inside, after
	case isIPv6(name):
		if a, ranks := name[:colon], name[colon+1:]; isIPv6(a) && isNumber(ranks) {
			return h, fmt.Errorf("this may be the host %s or %s ranks on %s: write [%[1]s] or [%[3]s]:%[2]s",
				name, ranks, a)
		}
	case colon >= 0:
		name, slots = name[:colon], name[colon:]
	}
	h = Host{user + name, 1}
	if slots != "" {
		if h.Slots, err = strconv.Atoi(slots[1:]); err != nil || h.Slots < 1 || !isNumber(slots[1:]) {
			return h, errors.New("want name:ranks, at least 1 rank")
		}
	}
	return h, nil
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6()
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// checkHosts names the first host that cannot be.
func checkHosts(hosts []Host) error {
	seen := map[string]string{}
	for _, h := range hosts {
		odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(",[]", r) }
		option := strings.HasPrefix(h.Name, "-") // as ssh takes it
		machine := h.machine()
		switch first, twice := seen[machine]; {
		case machine == "" || option || strings.ContainsFunc(h.Name, odd):
			return fmt.Errorf("%q is no name of a host", h.Name)
		case strings.Contains(machine, ":") && !isIPv6(machine):
			return fmt.Errorf("%q is neither a name nor an address", h.Name)
		case h.Slots < 1:
			return fmt.Errorf("%q has %d slots: at least 1", h.Name, h.Slots)
		case twice:
			return fmt.Errorf("%q and %q are one host: name it once, with all its ranks", first, h.Name)
		}
		seen[machine] = h.Name
	}
	return nil
}

// machine is one string for all names by which h can be told to be the same as another.
func (h Host) machine() string {
	name := strings.ToLower(strings.TrimSuffix(h.Name[strings.LastIndexByte(h.Name, '@')+1:], "."))
	if a, err := netip.ParseAddr(name); err == nil {
		if a.IsLoopback() {
			return "localhost"
		}
		return a.Unmap().String()
	}
	return name
}

// local says that h is this host, and this user.
func (h Host) local() bool { return h.machine() == "localhost" && !strings.Contains(h.Name, "@") }

// place is where one rank runs.
type place struct {
	Host
	localRank int
}

// places says where each of the ranks runs: the hosts are filled in order.
func (c SpawnConfig) places() []place {
	if len(c.Hosts) == 0 {
		c.Hosts = []Host{{"localhost", c.N}}
	}
	var ps []place
	for _, h := range c.Hosts {
		here := min(h.Slots, c.N-len(ps))
		for i := range here {
			ps = append(ps, place{Host{h.Name, here}, i})
		}
	}
	return ps
}

// serve starts the store where all ranks reach it, and nobody else if they are all on this host; addr is what they are
// told. A name in c.Address, or an address that is not this host's, is what others know a router or a proxy by: then
// the store listens on all interfaces. Who does not know the secret gets nothing from it anywhere.
func (c SpawnConfig) serve(secret []byte) (store *rendezvous.Server, addr string, err error) {
	host := c.Address
	if inside, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inside, "]")
	}
	if host == "" {
		host = "127.0.0.1"
		if slices.ContainsFunc(c.Hosts, func(h Host) bool { return !h.local() }) {
			host = outwardHost()
		}
	}
	err = errors.New("a name")
	if _, isName := netip.ParseAddr(host); isName == nil {
		store, err = rendezvous.Serve(net.JoinHostPort(host, "0"), secret)
	}
	if err != nil && c.Address != "" {
		store, err = rendezvous.Serve("0.0.0.0:0", secret) // of both families
	}
	if err != nil {
		return nil, "", err
	}
	_, port, _ := net.SplitHostPort(store.Addr())
	return store, net.JoinHostPort(host, port), nil
}

// checkAddress says whether the hosts could be told address.
func checkAddress(address string) error {
	host, bracketed := strings.CutPrefix(address, "[")
	if bracketed {
		host = strings.TrimSuffix(host, "]")
	}
	a, err := netip.ParseAddr(host)
	all := err == nil && a.IsUnspecified()
	if checkHosts([]Host{{host, 1}}) != nil || strings.Contains(host, "@") || bracketed && !isIPv6(host) || all {
		return fmt.Errorf("launch: SpawnConfig: Address = %q: a name or an address, without a port", address)
	}
	return nil
}
