//go:build unix

package launch

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
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

// launcher starts a process that itself spawns two ranks, and waits for them.
func launcher(t *testing.T) (cmd *exec.Cmd, out *lines, ranks []int) {
	out = new(lines)
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=launcher")
	cmd.Stdout = out
	require.NoError(t, cmd.Start())
	out.await(t, "ready", 2)
	children, err := exec.Command("pgrep", "-P", strconv.Itoa(cmd.Process.Pid)).Output()
	require.NoError(t, err)
	for _, s := range regexp.MustCompile(`\d+`).FindAllString(string(children), -1) {
		pid, err := strconv.Atoi(s)
		require.NoError(t, err)
		ranks = append(ranks, pid)
	}
	require.Len(t, ranks, 2)
	return cmd, out, ranks
}

func TestSpawnCatchesCtrlC(t *testing.T) {
	cmd, out, ranks := launcher(t)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait(), out.String())
	assert.Regexp(t, `launch: rank [01] was ended by a signal: interrupt`, out.String())
	for _, pid := range ranks {
		gone(t, pid)
	}
}

func TestRanksDoNotOutliveAKilledLauncher(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not run: only Linux kills the children of a process that was killed")
	}
	cmd, _, ranks := launcher(t)
	require.NoError(t, cmd.Process.Kill())
	for _, pid := range ranks {
		gone(t, pid)
	}
	cmd.Wait() // it was killed
}
