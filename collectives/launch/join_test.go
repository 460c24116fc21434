package launch

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// Every rank may know the host of rank 0 by another name: the address is where the store is reached, and no part of
// what the job is. Rank 0 serves the store on all interfaces, so that this holds for an address that its own host does
// not have too, as a service's or that of a router that translates.
func TestRanksKnowRank0ByDifferentNames(t *testing.T) {
	names := []string{"localhost", "127.0.0.1"}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		names = append(names, "::1", "[::1]")
	}
	if runtime.GOOS == "linux" {
		names = append(names, "127.0.0.2") // reached, and yet not what a listener at 127.0.0.1 hears
	}
	if host, err := os.Hostname(); err == nil {
		if _, err := net.LookupHost(host); err == nil {
			names = append(names, host)
		}
	}
	for _, h := range outwardHosts() {
		if conn, err := net.Dial("udp", net.JoinHostPort(h, "9")); err == nil {
			conn.Close()
			names = append(names, h)
		}
	}
	for _, tt := range []struct {
		name, rank0 string
		c           Config
	}{
		{"", "localhost", Config{}},
		{"over TCP", "localhost", Config{Transport: TCP}},
		{"rank 0 behind a service", "203.0.113.7", Config{}}, // an address of nobody's
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := freePort(t)
			openAll(t, len(names), tt.c, func(rank int) map[string]string {
				at := names[rank]
				if rank == 0 {
					at = tt.rank0
				}
				return map[string]string{"RANK": fmt.Sprint(rank), "WORLD_SIZE": fmt.Sprint(len(names)), "MASTER_ADDR": at,
					"MASTER_PORT": port, "TUTTI_SECRET": testSecret}
			})
		})
	}
}

// Where ranks listen: on loopback where all are on this host, or where the store, which another process serves, is;
// else where others can reach them.
func TestWhereReached(t *testing.T) {
	outward := outwardHosts()
	if len(outward) == 0 {
		t.Skip("not run: this host has no address but loopback")
	}
	several := rendezvous.Spec{Rank: 1, Size: 2, LocalSize: 1, Serve: true, StoreAddr: "localhost:1"}
	one := several
	one.LocalSize = 2
	launched := several
	launched.Serve = false
	master := several
	master.Rank, master.StoreAddr = 0, net.JoinHostPort(outward[0], "1")
	for name, tt := range map[string]struct {
		spec  rendezvous.Spec
		route string
		want  endpoint
	}{
		"several hosts":                    {several, "127.0.0.1", endpoint{advertise: append(outward[:len(outward):len(outward)], "127.0.0.1")}},
		"several hosts, from outside":      {several, "10.1.2.3", endpoint{listen: "10.1.2.3"}},
		"one host":                         {one, "127.0.0.1", endpoint{listen: "127.0.0.1"}},
		"tutti launch":                     {launched, "127.0.0.1", endpoint{listen: "127.0.0.1"}},
		"rank 0 at an address of its host": {master, "127.0.0.1", endpoint{listen: outward[0]}},
	} {
		assert.Equal(t, tt.want, whereReached(t.Context(), tt.spec, tt.route), name)
	}
	assert.Equal(t, endpoint{listen: "0.0.0.0", advertise: outward}, Config{Listen: "0.0.0.0"}.listening(endpoint{}))
	assert.Equal(t, endpoint{listen: "10.1.2.3"}, Config{Listen: "10.1.2.3"}.listening(endpoint{}))
}

// A port that is taken says how to choose another.
func TestPortIsTaken(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: there a port of loopback and one of all interfaces are two")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	env := map[string]string{"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TUTTI_SECRET": testSecret}
	_, err = open(t.Context(), Config{}, func(k string) string { return env[k] })
	require.ErrorContains(t, err, "address already in use: if another job is there, set MASTER_PORT to a free port, or TUTTI_STORE")
}
