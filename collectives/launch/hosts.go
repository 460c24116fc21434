package launch

// Ranks on other hosts: one ssh for each, and on its far side a few lines of shell that start the rank and pass signals on.

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// Host is where some of a job's ranks run.
type Host struct {
	Name  string // as ssh knows it; "localhost" is this host, without ssh
	Slots int    // how many ranks
}

// ParseHosts reads "a:2,b:2,c": names and numbers of ranks, 1 if there is none. A name with colons, an IPv6 address, is
// in brackets.
func ParseHosts(list string) (hosts []Host, err error) {
	for item := range strings.SplitSeq(list, ",") {
		h := Host{Name: item, Slots: 1}
		if i := strings.LastIndexByte(item, ':'); i > strings.LastIndexByte(item, ']') {
			h.Name = item[:i]
			if h.Slots, err = strconv.Atoi(item[i+1:]); err != nil || h.Slots < 1 {
				return nil, fmt.Errorf("launch: hosts: %q: want name:ranks, at least 1 rank", item)
			}
		}
		h.Name = strings.TrimSuffix(strings.TrimPrefix(h.Name, "["), "]")
		if h.Name == "" || strings.HasPrefix(h.Name, "-") { // ssh would take that for an option
			return nil, fmt.Errorf("launch: hosts: %q names no host", item)
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

func (h Host) local() bool { return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, h.Name) }

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

// storeHost is where the store listens: where all ranks reach it, and nobody else if they are all on this host.
func (c SpawnConfig) storeHost() string {
	switch {
	case c.Address != "":
		return c.Address
	case slices.ContainsFunc(c.Hosts, func(h Host) bool { return !h.local() }):
		return outwardHost()
	}
	return "127.0.0.1"
}

// remote returns the command that runs a rank on another host by ssh. The secret is not in it: its standard input begins
// with that, then come signals' names, a line each. When the input ends, the rank is killed.
func (c SpawnConfig) remote(p place, vars []string) *exec.Cmd {
	ssh := c.SSH
	if len(ssh) == 0 {
		ssh = []string{"ssh", "-o", "BatchMode=yes"}
	}
	var export strings.Builder
	for _, kv := range vars {
		if name, value, _ := strings.Cut(kv, "="); name != rendezvous.EnvSecret {
			fmt.Fprintf(&export, "export %s=%s\n", name, quote(value))
		}
	}
	dir := c.Dir
	if dir == "" {
		dir, _ = os.Getwd() // the same on all hosts, as a rule; else there is an error from cd
	}
	argv := make([]string, len(c.Argv))
	for i, a := range c.Argv {
		argv[i] = quote(a)
	}
	script := fmt.Sprintf(remoteScript, rendezvous.EnvSecret, export.String(), p.Slots, quote(dir), strings.Join(argv, " "))
	return exec.Command(ssh[0], append(slices.Clone(ssh[1:]), p.Name, "exec sh -c "+quote(script))...)
}

// remoteScript takes the name of the secret's variable, the exports, the ranks on the host, the directory and the command.
// setsid gives the rank a process group, so that signals reach what it starts; one that comes before there is a group goes
// to the process alone.
const remoteScript = `IFS= read -r %[1]s
export %[1]s
%[2]s
n=$(($(getconf _NPROCESSORS_ONLN) / %[3]d))
export GOMAXPROCS="${GOMAXPROCS:-$((n > 1 ? n : 1))}"
cd %[4]s || exit 127
exec 3<&0
if command -v setsid >/dev/null; then
	setsid %[5]s </dev/null 3<&- &
	p=$! t=-$!
else
	%[5]s </dev/null 3<&- &
	p=$! t=$!
fi
{
	while read -r s <&3; do kill -s "$s" -- "$t" || kill -s "$s" "$p"; done
	kill -s KILL -- "$t" || kill -s KILL "$p"
} >/dev/null 2>&1 &
w=$!
exec 3<&-
wait "$p"
code=$?
kill "$w"
[ "$p" = "$t" ] || kill -s KILL -- "$t" 2>/dev/null
exit "$code"
`

// quote makes one word of s for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// signalNames are those that can be passed on.
var signalNames = map[os.Signal]string{os.Interrupt: "INT", syscall.SIGTERM: "TERM", os.Kill: "KILL"}

// remoteGrace is how long a far side that is told to kill its rank may take before ssh is killed.
const remoteGrace = 3 * time.Second

// signalRemote passes s on through the input of a remote rank's ssh.
func signalRemote(p *os.Process, in io.WriteCloser, s os.Signal) {
	fmt.Fprintln(in, signalNames[s]) // if the far side is gone, so is the rank
	if s == os.Kill {
		in.Close()
		time.AfterFunc(remoteGrace, func() { p.Kill() })
	}
}
