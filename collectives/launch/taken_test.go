package launch

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// A store that rank 0 cannot serve, as another job on the host has its port: the error says what to set.
func TestOpenPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", ":0") // on all addresses
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	vars := map[string]string{"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
		"TUTTI_SECRET": testSecret}
	_, err = open(t.Context(), Config{}, func(k string) string { return vars[k] })
	require.ErrorContains(t, err, "set MASTER_PORT to a free port, or TUTTI_STORE to another host:port of rank 0")
}
