//go:build unix

package launch

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeSSH is an ssh that stays here: it notes its arguments, and hands the command to a shell with none of this process's
// environment but what the test needs, as a login on another host would.
func fakeSSH(t *testing.T, part string) (ssh []string, log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	script := filepath.Join(dir, "ssh")
	text := "#!/bin/sh\nprintf '%s\\n' \"$*\" >>" + log + "\n" +
		"[ \"$2\" = down ] && { echo 'ssh: connect to host down: No route to host' >&2; exit 255; }\n" +
		"shift 2\nexec env -i PATH=\"$PATH\" " + role + "=" + quote(part) + " sh -c \"$*\"\n"
	require.NoError(t, os.WriteFile(script, []byte(text), 0o755))
	return []string{script, "-q"}, log
}

func remoteSpawn(t *testing.T, part, hosts string, c SpawnConfig) error {
	t.Helper()
	var err error
	c.Hosts, err = ParseHosts(hosts)
	require.NoError(t, err)
	if c.SSH == nil {
		c.SSH, _ = fakeSSH(t, part)
	}
	c.Address = "127.0.0.1"
	return spawn(t, part, c)
}

func TestHostsSum(t *testing.T) {
	ssh, log := fakeSSH(t, "sum")
	var out lines
	require.NoError(t, remoteSpawn(t, "sum", "a:2,localhost,b:2", SpawnConfig{SSH: ssh, Stdout: &out, Stderr: &out}), out.String())
	for _, rank := range "01234" {
		assert.Contains(t, out.String(), "["+string(rank)+"] 101010101 of 5\n")
	}
	args, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(args), "-q a exec sh -c"), string(args))
	assert.Equal(t, 2, strings.Count(string(args), "-q b exec sh -c"), string(args))
	assert.NotContains(t, string(args), "localhost")
}

// What is in the variables is in nobody's arguments, neither the secret nor what a user passes on, and arrives as it
// is.
func TestHostsVariablesAreInNoArgument(t *testing.T) {
	ssh, log := fakeSSH(t, "environment")
	var out lines
	colour := "it's blue; $(red) `green`\n.\n>\\ \"x\"\n"
	t.Setenv("COLOUR", colour)
	require.NoError(t, remoteSpawn(t, "environment", "far:2",
		SpawnConfig{SSH: ssh, Stdout: &out, Stderr: &out, Pass: []string{"COLOUR"}}))
	assert.Contains(t, out.String(), "[1] 1 2 1 2 tutti launch 32 true <nil> GOMAXPROCS=", "rank 1 has 32 bytes of secret")
	assert.Contains(t, out.String(), fmt.Sprintf("[1] COLOUR=%q\n", colour))
	args, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.NotRegexp(t, "TUTTI_", string(args))
	assert.NotRegexp(t, "[0-9a-f]{16}", string(args))
	assert.NotContains(t, string(args), "blue")
}

func TestHostsExitCode(t *testing.T) {
	var out lines
	err := remoteSpawn(t, "rank 1 exits with 7", "a:2,b:2", SpawnConfig{Stdout: &out})
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, ExitError{Rank: 1, Code: 7}, *exit)
	assert.Equal(t, 3, strings.Count(out.String(), "asked to end"), "the others get SIGTERM: %s", out.String())
}

func TestHostsKilledRank(t *testing.T) {
	var out lines
	err := remoteSpawn(t, "rank 2 is killed", "a:2,b", SpawnConfig{Stdout: &out})
	var exit *ExitError
	require.ErrorAs(t, err, &exit, out.String())
	assert.Equal(t, ExitError{Rank: 2, Code: 137, Signal: syscall.SIGKILL}, *exit)
}

func TestHostsSignals(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			var out lines
			signals := make(chan os.Signal, 1)
			go func() {
				out.await(t, "ready", 2)
				signals <- s
			}()
			require.NoError(t, remoteSpawn(t, "waits for the signal", "a,b", SpawnConfig{Stdout: &out, Signals: signals}))
			assert.Equal(t, 2, strings.Count(out.String(), "checkpoint after "+s.String()), out.String())
		})
	}
}

// Ranks that do not listen are killed on the far side too, and what they have started.
func TestHostsDeafRanksAreKilled(t *testing.T) {
	var out lines
	signals := make(chan os.Signal, 1)
	go func() {
		out.await(t, "ready", 2)
		signals <- syscall.SIGTERM
	}()
	begin := time.Now()
	err := remoteSpawn(t, "deaf", "a,b", SpawnConfig{Stdout: &out, Signals: signals, Grace: 100 * time.Millisecond})
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, syscall.SIGKILL, exit.Signal)
	assert.Less(t, time.Since(begin), 50*time.Second, "they sleep for a minute")
}

// A far side whose ssh is gone kills its rank.
func TestHostsLostConnection(t *testing.T) {
	c := SpawnConfig{N: 1, Argv: []string{"sleep", "60"}, SSH: []string{"sh", "-c", `shift; exec sh -c "$0"`}}
	cmd := c.remote(place{Host{"far", 1}, 0})
	cmd.Args = []string{"sh", "-c", cmd.Args[len(cmd.Args)-1]}
	cmd.Path, _ = exec.LookPath("sh")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	in.Write([]byte(preamble(nil)))
	begin := time.Now()
	in.Close()
	var exit *exec.ExitError
	require.True(t, errors.As(cmd.Wait(), &exit))
	assert.Equal(t, 137, exit.ExitCode())
	assert.Less(t, time.Since(begin), 30*time.Second)
}

func TestHostsDown(t *testing.T) {
	var out lines
	err := remoteSpawn(t, "sum", "a,down", SpawnConfig{Stdout: &out, Stderr: &out, Grace: time.Second})
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 255, exit.Code)
	assert.Contains(t, out.String(), "[1] ssh: connect to host down: No route to host")
}

// A host that cannot be reached is a lost rank, and no failure of a job that keeps going.
func TestHostsDownKeepGoing(t *testing.T) {
	var out lines
	require.NoError(t, remoteSpawn(t, "colour", "a,down", SpawnConfig{Stdout: &out, Stderr: &out, KeepGoing: true}), out.String())
	assert.Contains(t, out.String(), "launch: rank 1 exited with code 255; ")
	assert.Contains(t, out.String(), "[0] \n")
}

func TestParseHosts(t *testing.T) {
	for list, want := range map[string][]Host{
		"a":                     {{"a", 1}},
		"a:2,b":                 {{"a", 2}, {"b", 1}},
		" a:2 ,\tb ":            {{"a", 2}, {"b", 1}},
		"me@10.0.0.1:3":         {{"me@10.0.0.1", 3}},
		"[fe80::1]:2,[::]":      {{"fe80::1", 2}, {"::", 1}},
		"::1":                   {{"::1", 1}},
		"[::1]:4":               {{"::1", 4}},
		"fe80::abc,me@[::2]:3":  {{"fe80::abc", 1}, {"me@::2", 3}},
		"2001:db8:1:2:3:4:5:6":  {{"2001:db8:1:2:3:4:5:6", 1}},
		"[fe80::1%eth0]:2,b-1.": {{"fe80::1%eth0", 2}, {"b-1.", 1}},
	} {
		got, err := ParseHosts(list)
		require.NoError(t, err, list)
		assert.Equal(t, want, got, list)
	}
	for list, want := range map[string]string{
		"":                  `hosts "": entry 1 names no host`,
		"a,":                `hosts "a,": entry 2 names no host`,
		"a, ,b":             `hosts "a, ,b": entry 2 names no host`,
		"a:0":               `"a:0": want name:ranks`,
		"a:x":               `"a:x": want name:ranks`,
		"a:":                `"a:": want name:ranks`,
		"a:-1":              `"a:-1": want name:ranks`,
		"a:+1":              `"a:+1": want name:ranks`,
		":2":                `"" is no name of a host`,
		"me@":               `"me@" is no name of a host`,
		"-oProxyCommand=x":  `"-oProxyCommand=x" is no name of a host`,
		"a b":               `"a b" is no name of a host`,
		"a\nb":              `"a\nb" is no name of a host`,
		"a:b:1":             `"a:b" is neither a name nor an address`,
		"::1:4":             `"::1:4": this may be the host ::1:4 or 4 ranks on ::1: write [::1:4] or [::1]:4`,
		"fe80::1:2":         `write [fe80::1:2] or [fe80::1]:2`,
		"[::1]4":            `"[::1]4": in brackets is an IPv6 address`,
		"[::1":              `"[::1": in brackets is an IPv6 address`,
		"[a]:2":             `"[a]:2": in brackets is an IPv6 address`,
		"a:2,b,a":           `"a" and "a" are one host: name it once`,
		"a,me@A":            `"a" and "me@A" are one host`,
		"localhost,::1":     `"localhost" and "::1" are one host`,
		"[::2],[0:0::0:2]":  `are one host`,
		"a:999999999999999": ``,
	} {
		_, err := ParseHosts(list)
		if want == "" { // it is read, and the launcher refuses it
			require.NoError(t, err, list)
			err = SpawnConfig{Hosts: []Host{{"a", 999999999999999}}, Argv: []string{"x"}}.Validate()
			want = "at most 1048576 processes"
		}
		assert.ErrorContains(t, err, want, list)
	}
}

// What this host is called does not make it another.
func TestHostIsLocal(t *testing.T) {
	for name, want := range map[string]bool{"localhost": true, "Localhost.": true, "127.0.0.1": true, "127.0.1.1": true,
		"::1": true, "a": false, "10.0.0.1": false, "me@localhost": false} {
		assert.Equal(t, want, Host{name, 1}.local(), name)
	}
}

// The store listens on an address that is this host's own; where the hosts know this one by a name, or by an address
// that is a router's, it listens on all, and they are told what the user says.
func TestServe(t *testing.T) {
	for address, want := range map[string]struct{ listens, told string }{
		"":             {"127.0.0.1:", "127.0.0.1:"},
		"127.0.0.1":    {"127.0.0.1:", "127.0.0.1:"},
		"192.0.2.1":    {"[::]:", "192.0.2.1:"}, // nobody's: RFC 5737
		"a.invalid":    {"[::]:", "a.invalid:"},
		"[2001:db8::]": {"[::]:", "[2001:db8::]:"}, // nobody's: RFC 3849
	} {
		store, told, err := SpawnConfig{Address: address}.serve(make([]byte, 32))
		require.NoError(t, err, address)
		_, port, _ := net.SplitHostPort(store.Addr())
		v4 := strings.Replace(want.listens, "[::]", "0.0.0.0", 1) // where there is no IPv6
		assert.Contains(t, []string{want.listens + port, v4 + port}, store.Addr(), address)
		assert.Equal(t, want.told+port, told)
		require.NoError(t, store.Close())
	}
}

func TestPlaces(t *testing.T) {
	c := SpawnConfig{N: 4, Hosts: []Host{{"a", 3}, {"b", 3}, {"c", 1}}}
	a, b := Host{"a", 3}, Host{"b", 1}
	assert.Equal(t, []place{{a, 0}, {a, 1}, {a, 2}, {b, 0}}, c.places())
	c.N = 8
	assert.ErrorContains(t, c.Validate(), "N = 8: the hosts have 7 slots")
}
