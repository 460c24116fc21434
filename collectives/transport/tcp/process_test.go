//go:build unix

package tcp_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// Real processes that die and freeze. The test binary runs itself again as each rank: with workerEnv set it does nothing
// but AllReduce until that fails, and says on standard output when it is under way and how it ended.

const workerEnv = "TUTTI_TCP_TEST_WORKER" // "rank size directory algorithm peer-timeout carrier host"

func TestMain(m *testing.M) {
	if args := os.Getenv(workerEnv); args != "" {
		if err := work(strings.Fields(args)); err != nil {
			fmt.Println("broken:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func work(args []string) error {
	rank, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	alg, err := collectives.ParseAlgorithm(args[3])
	if err != nil {
		return err
	}
	silence, err := time.ParseDuration(args[4])
	if err != nil {
		return err
	}
	t, err := tcp.Open(context.Background(), tcp.Config{Rank: rank, Size: size, Store: dirStore(args[2]),
		Secret: []byte("workers"), Carrier: tcp.Carrier(strings.TrimPrefix(args[5], "auto")), Listen: net.JoinHostPort(args[6], "0"), Heartbeat: silence / 5, PeerTimeout: silence})
	if err != nil {
		return err
	}
	g, err := collectives.New(t, collectives.Config{Algorithm: alg})
	if err != nil {
		return err
	}
	buf := make([]float32, 1<<20)
	for i := 0; ; i++ {
		for j := range buf {
			buf[j] = float32(rank)
		}
		if err := collectives.AllReduce(context.Background(), g, buf, collectives.Sum); err != nil {
			var lost *collectives.PeerLostError
			if !errors.As(err, &lost) {
				return err
			}
			fmt.Println("lost", lost.Rank, err)
			return nil // without Close: the others must know by now
		}
		if want := float32(size * (size - 1) / 2); buf[0] != want || buf[len(buf)-1] != want {
			return fmt.Errorf("sum %v … %v, want %v", buf[0], buf[len(buf)-1], want)
		}
		if i == 3 {
			fmt.Println("up")
		}
	}
}

// dirStore is a Store in a directory, for processes of one machine.
type dirStore string

func (d dirStore) path(key string) string {
	return filepath.Join(string(d), strings.ReplaceAll(key, "/", "_"))
}

func (d dirStore) Set(_ context.Context, key string, value []byte) error {
	part := d.path(key) + ".part"
	if err := os.WriteFile(part, value, 0o600); err != nil {
		return err
	}
	return os.Rename(part, d.path(key))
}

func (d dirStore) Get(ctx context.Context, key string) ([]byte, error) {
	for {
		value, err := os.ReadFile(d.path(key))
		if !errors.Is(err, os.ErrNotExist) {
			return value, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// worker is one rank's process.
type worker struct {
	*exec.Cmd
	lines chan string
}

func startWorkers(t *testing.T, size int, alg collectives.Algorithm, silence time.Duration, carrier tcp.Carrier) []*worker {
	t.Helper()
	return startWorkersAt(t, alg, silence, carrier, make([]site, size))
}

// site is where a worker runs.
type site struct {
	host   string   // it listens there; "" means loopback
	prefix []string // the command that runs it
}

func startWorkersAt(t *testing.T, alg collectives.Algorithm, silence time.Duration, carrier tcp.Carrier, sites []site) []*worker {
	t.Helper()
	size := len(sites)
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	ws := make([]*worker, size)
	for r := range ws {
		argv := append(slices.Clone(sites[r].prefix), self)
		host := cmp.Or(sites[r].host, "127.0.0.1")
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s %v %v %s %s", workerEnv, r, size, dir, alg, silence, cmp.Or(carrier, "auto"), host))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		w := &worker{cmd, make(chan string, 10)}
		ws[r] = w
		go func() {
			for s := bufio.NewScanner(out); s.Scan(); {
				w.lines <- s.Text()
			}
			close(w.lines)
		}()
		t.Cleanup(func() {
			cmd.Process.Kill()
			for range w.lines {
			}
			cmd.Wait()
		})
	}
	for r, w := range ws {
		require.Equal(t, "up", w.line(t, time.Minute), "rank %d", r)
	}
	return ws
}

// line returns the worker's next line. What takes longer than limit counts as a hang.
func (w *worker) line(t *testing.T, limit time.Duration) string {
	t.Helper()
	select {
	case s, ok := <-w.lines:
		if !ok {
			return "ended without a word"
		}
		return s
	case <-time.After(limit):
		return fmt.Sprintf("nothing for %v", limit)
	}
}

// hangs is when an error counts as not coming: the promise is five seconds from the death of a peer, or from when it has
// been silent for as long as PeerTimeout says.
const hangs = 5 * time.Second

func TestKilledRankIsNamedBySurvivors(t *testing.T) {
	for _, alg := range []collectives.Algorithm{collectives.Ring, collectives.Shuffle} {
		for i, carrier := range carriers() {
			if testing.Short() && (i%2 == 0) != (alg == collectives.Ring) {
				continue // each carrier once
			}
			t.Run(fmt.Sprintf("%v over %s", alg, carrier), func(t *testing.T) { killedRank(t, alg, carrier) })
		}
	}
}

func killedRank(t *testing.T, alg collectives.Algorithm, carrier tcp.Carrier) {
	const victim = 2
	ws := startWorkers(t, 4, alg, 5*time.Second, carrier)
	died := time.Now()
	require.NoError(t, ws[victim].Process.Kill())
	for r, w := range ws {
		if r == victim {
			continue
		}
		got := w.line(t, hangs)
		t.Logf("rank %d after %v: %s", r, time.Since(died).Round(time.Millisecond), got)
		assert.True(t, strings.HasPrefix(got, fmt.Sprintf("lost %d ", victim)), "rank %d says %q", r, got)
	}
}

func TestFrozenRankIsNamedAndLearnsIt(t *testing.T) {
	for _, carrier := range carriers() {
		t.Run(string(carrier), func(t *testing.T) {
			t.Parallel()
			frozenRank(t, carrier)
		})
	}
}

func frozenRank(t *testing.T, carrier tcp.Carrier) {
	const victim = 1
	ws := startWorkers(t, 3, collectives.Ring, time.Second, carrier)
	require.NoError(t, ws[victim].Process.Signal(syscall.SIGSTOP))
	for r, w := range ws {
		if r != victim {
			got := w.line(t, time.Second+hangs)
			assert.True(t, strings.HasPrefix(got, "lost 1 ") && strings.Contains(got, "silent"), "rank %d says %q", r, got)
		}
	}
	require.NoError(t, ws[victim].Process.Signal(syscall.SIGCONT))
	assert.True(t, strings.HasPrefix(ws[victim].line(t, hangs), "lost "), "the rank that was frozen fails too")
}
