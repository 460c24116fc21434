//go:build unix

package launch

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// guard is a shell that waits for the end of this process and then kills the process groups of the ranks that are left.
// It hears of the end, however that comes about, by the end of its input, whose other end no other process has.
type guard struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

// guardScript reads "+ group" and "- group" and kills the groups left at the end. It runs no program but the shell
// itself.
const guardScript = `trap '' HUP INT QUIT TERM
l=' '
while read -r op g; do
	case "$op$l" in
	+*) l="$l$g " ;;
	-*" $g "*) l="${l%%" $g "*} ${l#*" $g "}" ;;
	esac
done
for g in $l; do kill -s KILL -- "-$g"; done
`

// newGuard starts a guard, or returns nil where there is no shell.
func newGuard() *guard {
	cmd := exec.Command("/bin/sh", "-c", guardScript)
	cmd.Dir = "/"
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what is meant for this process's group is not for the guard
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return nil
	}
	return &guard{cmd, in}
}

func (g *guard) watch(group int)  { g.tell('+', group) }
func (g *guard) forget(group int) { g.tell('-', group) }

func (g *guard) tell(op rune, group int) {
	if g != nil {
		fmt.Fprintf(g.in, "%c %d\n", op, group)
	}
}

// close ends the guard.
func (g *guard) close() {
	if g != nil {
		g.in.Close()
		g.cmd.Wait() // it has nobody left to kill
	}
}
