package rendezvous

// Addresses as users and launchers write them.

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
)

// hostOf returns the host that variable name gives: a name or an IP address, which may stand in brackets. What can be
// neither, a URL or a host with a port, is an error, so that every rank refuses it at once, and none waits for it.
func hostOf(name, value string) (string, error) {
	host := value
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			host = inner
		}
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, nil
	}
	bad := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`/\:@?#[]%,;"'<>`, r)
	}
	switch {
	case strings.Contains(host, "://"):
		return "", fmt.Errorf("%s=%q is a URL: want the name or the IP address of a host", name, value)
	case host == "" || len(host) > 253 || strings.ContainsFunc(host, bad):
		return "", fmt.Errorf("%s=%q is neither the name nor the IP address of a host", name, value)
	}
	return host, nil
}
