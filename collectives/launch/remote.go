package launch

// Ranks on other hosts: one ssh for each, and on its far side a few lines of shell that start the rank and pass signals
// on.

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// remote returns the command that runs a rank on another host by ssh. It holds no variable's value, as every user of
// either host may read it. The values come through its standard input, in the form that preamble gives; then come
// signals' names, a line each. When the input ends, the rank is killed.
func (c SpawnConfig) remote(p place) *exec.Cmd {
	ssh := c.SSH
	if len(ssh) == 0 {
		ssh = []string{"ssh", "-o", "BatchMode=yes"}
	}
	dir := c.Dir
	if dir == "" {
		dir, _ = os.Getwd() // the same on all hosts, as a rule; else there is an error from cd
	}
	argv := make([]string, len(c.Argv))
	for i, a := range c.Argv {
		argv[i] = quote(a)
	}
	script := fmt.Sprintf(remoteScript, p.Slots, quote(dir), strings.Join(argv, " "))
	return exec.Command(ssh[0], append(slices.Clone(ssh[1:]), p.Name, "exec sh -c "+quote(script))...)
}

// preamble is what the script reads first: exports of vars for a shell, each line after ">", and a line with "." alone.
func preamble(vars []string) string {
	var b strings.Builder
	for _, kv := range vars {
		name, value, _ := strings.Cut(kv, "=")
		fmt.Fprintf(&b, ">export %s=%s\n", name, strings.ReplaceAll(quote(value), "\n", "\n>"))
	}
	return b.String() + ".\n"
}

// remoteScript takes the number of ranks on the host, the directory and the command. setsid gives the rank a process
// group, so that signals reach what it starts; one that comes before there is a group goes to the process alone.
const remoteScript = `v=
while IFS= read -r l && [ "$l" != . ]; do
	v="$v${l#>}
"
done
eval "$v"
unset v l
n=$(($(getconf _NPROCESSORS_ONLN) / %[1]d))
export GOMAXPROCS="${GOMAXPROCS:-$((n > 1 ? n : 1))}"
cd %[2]s || exit 127
exec 3<&0
if command -v setsid >/dev/null; then
	setsid %[3]s </dev/null 3<&- &
	p=$! t=-$!
else
	%[3]s </dev/null 3<&- &
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

// farSide is a rank on another host, as its ssh's standard input reaches it.
type farSide struct {
	ssh    *os.Process
	lines  chan string // for one goroutine to write, as an ssh that does not read must hold nobody up
	closed bool
}

// reach begins to write to in, with vars.
func reach(in io.WriteCloser, vars []string) *farSide {
	f := &farSide{lines: make(chan string, 16)}
	f.lines <- preamble(vars)
	go func() {
		defer in.Close()
		for line := range f.lines {
			io.WriteString(in, line) // if the far side is gone, so is the rank
		}
	}()
	return f
}

// signal passes s on. After a kill nothing can be passed on.
func (f *farSide) signal(s os.Signal) {
	if f.closed {
		return
	}
	select {
	case f.lines <- signalNames[s] + "\n":
	default: // it reads nothing
	}
	if s == os.Kill {
		f.close()
		time.AfterFunc(remoteGrace, func() { f.ssh.Kill() })
	}
}

// close ends the input, at which the far side kills its rank.
func (f *farSide) close() {
	if f != nil && !f.closed {
		close(f.lines)
		f.closed = true
	}
}
