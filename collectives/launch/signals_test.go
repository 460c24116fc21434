//go:build unix

package launch

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpawnGraceThenKill(t *testing.T) {
	var out lines
	signals := make(chan os.Signal, 1)
	go func() {
		out.await(t, "ready", 2)
		signals <- syscall.SIGTERM
	}()
	err := spawn(t, "deaf", SpawnConfig{N: 2, Stdout: &out, Signals: signals, Grace: 50 * time.Millisecond})
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 128+9, exit.Code)
}

func TestSpawnSecondSignalKills(t *testing.T) {
	var out lines
	signals := make(chan os.Signal, 2)
	go func() {
		out.await(t, "ready", 2)
		signals <- os.Interrupt
		signals <- os.Interrupt
	}()
	err := spawn(t, "deaf", SpawnConfig{N: 2, Stdout: &out, Signals: signals, Grace: time.Hour})
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 128+9, exit.Code)
}

// Terminations that are repeated, as a cluster manager does, do not cut the time short in which ranks end.
func TestSpawnTerminatedTwice(t *testing.T) {
	var out lines
	signals := make(chan os.Signal, 3)
	go func() {
		out.await(t, "ready", 2)
		signals <- syscall.SIGTERM
		out.await(t, "begins to write", 2)
		signals <- syscall.SIGTERM
		signals <- os.Interrupt // the first
	}()
	require.NoError(t, spawn(t, "takes time to end", SpawnConfig{N: 2, Stdout: &out, Signals: signals}), out.String())
	assert.Equal(t, 2, strings.Count(out.String(), "has written"), out.String())
}

func TestSpawnSignalThatRanksHandle(t *testing.T) {
	var out lines
	signals := make(chan os.Signal, 1)
	go func() {
		out.await(t, "ready", 3)
		signals <- os.Interrupt
	}()
	require.NoError(t, spawn(t, "waits for the signal", SpawnConfig{N: 3, Stdout: &out, Signals: signals}))
	assert.Equal(t, 3, strings.Count(out.String(), "checkpoint after interrupt"), out.String())
}

// gone waits until a process is no more (or a zombie that nobody has reaped yet).
func gone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && regexp.MustCompile(`\) Z `).Match(stat)
	}, 20*time.Second, 5*time.Millisecond, "process %d lives on", pid)
}

func TestSpawnLeavesNoChildOfARank(t *testing.T) {
	var out lines
	begin := time.Now()
	require.NoError(t, spawn(t, "leaves a child", SpawnConfig{N: 2, Stdout: &out}))
	assert.Less(t, time.Since(begin), 40*time.Second, "Spawn waited for a process that is not a rank")
	children := regexp.MustCompile(`child (\d+)`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, children, 2, out.String())
	for _, c := range children {
		pid, err := strconv.Atoi(c[1])
		require.NoError(t, err)
		gone(t, pid)
	}
}

// launcher starts a process that itself spawns two ranks, and waits for them. They are told by what they print.
func launcher(t *testing.T, part string) (cmd *exec.Cmd, out *lines, processes []int) {
	out = new(lines)
	cmd = exec.Command(os.Args[0], part)
	cmd.Env = append(os.Environ(), role+"=launcher")
	cmd.Stdout = out
	require.NoError(t, cmd.Start())
	out.await(t, "ready", 2)
	for _, s := range regexp.MustCompile(`process (\d+)`).FindAllStringSubmatch(out.String(), -1) {
		pid, err := strconv.Atoi(s[1])
		require.NoError(t, err)
		processes = append(processes, pid)
	}
	return cmd, out, processes
}

func TestSpawnCatchesCtrlC(t *testing.T) {
	cmd, out, ranks := launcher(t, "default on signals")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait(), out.String())
	assert.Regexp(t, `launch: rank [01] was ended by a signal: interrupt`, out.String())
	require.Len(t, ranks, 2)
	for _, pid := range ranks {
		gone(t, pid)
	}
}

// A hangup gives the ranks the time that a termination does.
func TestSpawnHangup(t *testing.T) {
	cmd, out, _ := launcher(t, "waits for the signal")
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	require.NoError(t, cmd.Wait(), out.String())
	assert.Equal(t, 2, strings.Count(out.String(), "checkpoint after terminated"), out.String())
	assert.Contains(t, out.String(), "<nil>")
}

// kill -9 of the launcher ends the ranks, and what they have started in their process groups.
func TestRanksDoNotOutliveAKilledLauncher(t *testing.T) {
	cmd, _, processes := launcher(t, "has a child")
	require.Len(t, processes, 4)
	require.NoError(t, cmd.Process.Kill())
	for _, pid := range processes {
		gone(t, pid)
	}
	cmd.Wait() // it was killed
}

// The guard kills the groups that it has been told of, but for those it was told to forget, also where none is left
// between.
func TestGuard(t *testing.T) {
	g := newGuard()
	require.NotNil(t, g)
	var cmds []*exec.Cmd
	for range 3 {
		cmd := exec.Command("sleep", "60")
		cmd.SysProcAttr = sysProcAttr()
		require.NoError(t, cmd.Start())
		cmds = append(cmds, cmd)
		g.watch(cmd.Process.Pid)
	}
	g.forget(cmds[1].Process.Pid)
	g.forget(cmds[1].Process.Pid)
	g.close()
	assert.ErrorContains(t, cmds[0].Wait(), "killed")
	assert.ErrorContains(t, cmds[2].Wait(), "killed")
	require.NoError(t, cmds[1].Process.Signal(syscall.SIGTERM))
	assert.ErrorContains(t, cmds[1].Wait(), "terminated")
}
