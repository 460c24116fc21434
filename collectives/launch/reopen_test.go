package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/rendezvous"
	"github.com/tutti-ml/tutti/collectives/transport"
)

// reopen is a rank that sums until a rank is lost, and with the survivors once more. Rank 2 is killed in the midst.
func reopen(transport string) int {
	ctx := context.Background()
	g, err := Open(ctx, Config{Transport: transport})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	me := g.Rank()
	if me == 2 {
		time.AfterFunc(20*time.Millisecond, func() {
			p, _ := os.FindProcess(os.Getpid())
			p.Kill()
		})
	}
	buf := make([]float64, 100_000)
	for want := 4.0; ; {
		for i := range buf {
			buf[i] = 1
		}
		if err = collectives.AllReduce(ctx, g, buf, collectives.Sum); err != nil {
			break
		}
		if buf[0] != want || buf[len(buf)-1] != want {
			fmt.Println("wrong sum", buf[0], buf[len(buf)-1])
			return 1
		}
	}
	var lost *collectives.PeerLostError
	if !errors.As(err, &lost) || lost.Rank != 2 {
		fmt.Println("not rank 2 lost but", err)
		return 1
	}
	if g, err = Reopen(ctx, g); err != nil {
		fmt.Println(err)
		return 1
	}
	defer g.Close()
	for i := range buf {
		buf[i] = float64(int(1) << me)
	}
	if err := collectives.AllReduce(ctx, g, buf, collectives.Sum); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("rank %d of %d: %v … %v\n", g.Rank(), g.Size(), buf[0], buf[len(buf)-1])
	return 0
}

// kill -9 of one process of four: the other three open their group again and sum over it, and the job ends well.
func TestKilledRankAndReopen(t *testing.T) {
	kinds := []string{TCP, Auto}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			var out, errs lines
			err := spawn(t, "rank 2 is killed, the others reopen",
				SpawnConfig{N: 4, Argv: []string{kind}, Stdout: &out, Stderr: &errs, KeepGoing: runtime.GOOS != "windows"})
			if runtime.GOOS == "windows" { // where nobody can tell a kill from an exit
				require.Error(t, err)
				return
			}
			require.NoError(t, err, out.String())
			assert.Contains(t, errs.String(), "launch: rank 2 was ended by a signal: killed; the others go on\n")
			for rank, name := range []int{0, 1, 3} {
				assert.Contains(t, out.String(), fmt.Sprintf("[%d] rank %d of 3: 11 … 11\n", name, rank), "1 + 2 + 8")
			}
		})
	}
}

// What Spawn makes of ranks' ends when it keeps going.
func TestKeepGoingExit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody can tell a kill from an exit there")
	}
	for part, want := range map[string]struct {
		rank, code int
		said       string
	}{
		"rank 0 is killed, all others exit with 3": {1, 3, "launch: rank 1 exited with code 3; "},
		"all are killed": {0, 137, "; it was the last"},
	} {
		t.Run(part, func(t *testing.T) {
			var errs lines
			n := 2 // so that who is first to fail is certain
			if part == "all are killed" {
				n = 1
			}
			err := spawn(t, part, SpawnConfig{N: n, Stderr: &errs, KeepGoing: true})
			var exit *ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, want.rank, exit.Rank)
			assert.Equal(t, want.code, exit.Code)
			assert.Contains(t, errs.String(), want.said)
		})
	}
}

// environments in which ranks can reopen: what each gives rank of size.
var environments = map[string]func(t *testing.T) func(rank, size int) map[string]string{
	"tutti launch": func(t *testing.T) func(rank, size int) map[string]string {
		secret := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} // testSecret
		server, err := rendezvous.Serve("127.0.0.1:0", secret)
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
		return func(rank, size int) map[string]string {
			return map[string]string{"TUTTI_RANK": fmt.Sprint(rank), "TUTTI_SIZE": fmt.Sprint(size), "TUTTI_STORE": server.Addr(),
				"TUTTI_SECRET": testSecret, "TUTTI_JOB": "test"}
		}
	},
	"torchrun": func(t *testing.T) func(rank, size int) map[string]string {
		port := freePort(t)
		return func(rank, size int) map[string]string {
			return map[string]string{"RANK": fmt.Sprint(rank), "WORLD_SIZE": fmt.Sprint(size), "MASTER_ADDR": "127.0.0.1",
				"MASTER_PORT": port, "TUTTI_SECRET": testSecret}
		}
	},
	"Open MPI": func(t *testing.T) func(rank, size int) map[string]string {
		tempDir(t)
		return func(rank, size int) map[string]string {
			return map[string]string{"OMPI_COMM_WORLD_RANK": fmt.Sprint(rank), "OMPI_COMM_WORLD_SIZE": fmt.Sprint(size),
				"OMPI_COMM_WORLD_LOCAL_RANK": fmt.Sprint(rank), "OMPI_COMM_WORLD_LOCAL_SIZE": fmt.Sprint(size), "PMIX_NAMESPACE": "job"}
		}
	},
}

// openIn opens size ranks' groups in an environment.
func openIn(t *testing.T, env func(rank, size int) map[string]string, size int, c Config) []*collectives.Group {
	t.Helper()
	c.Transport = TCP
	gs := make([]*collectives.Group, size)
	var wg sync.WaitGroup
	for rank := range gs {
		wg.Go(func() {
			var err error
			vars := env(rank, size)
			gs[rank], err = open(t.Context(), c, func(k string) string { return vars[k] })
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	require.False(t, t.Failed())
	return gs
}

// bits sums 1<<name over g.
func bits(ctx context.Context, g *collectives.Group, name int) (int64, error) {
	buf := []int64{1 << name}
	err := collectives.AllReduce(ctx, g, buf, collectives.Sum)
	return buf[0], err
}

// Rank after rank is lost, the highest first, in every environment, until one is left; and nothing stays behind.
func TestReopenUntilOneIsLeft(t *testing.T) {
	for name, env := range environments {
		t.Run(name, func(t *testing.T) {
			gs := openIn(t, env(t), 4, Config{})
			for len(gs) > 1 {
				last := len(gs) - 1
				gs[last].Close()
				gs = gs[:last]
				var wg sync.WaitGroup
				for name, g := range gs {
					wg.Go(func() {
						_, err := bits(t.Context(), g, name)
						assert.ErrorIs(t, err, collectives.ErrPeerLost)
						g, err = Reopen(t.Context(), g)
						if !assert.NoError(t, err) {
							return
						}
						assert.Equal(t, name, g.Rank())
						assert.Equal(t, last, g.Size())
						sum, err := bits(t.Context(), g, name)
						assert.NoError(t, err)
						assert.Equal(t, int64(1)<<last-1, sum)
						gs[name] = g
					})
				}
				wg.Wait()
				require.False(t, t.Failed())
			}
			gs[0].Close()
			left, err := filepath.Glob(filepath.Join(os.TempDir(), "tutti-*"))
			require.NoError(t, err)
			if name == "Open MPI" {
				assert.Empty(t, left)
			}
		})
	}
}

// Rank 0 is lost: with a store that is not its own the others reopen; where it served the store they cannot, and say so.
func TestReopenWithoutRank0(t *testing.T) {
	for name, env := range environments {
		t.Run(name, func(t *testing.T) {
			gs := openIn(t, env(t), 3, Config{OpenTimeout: 2 * time.Second})
			gs[0].Close()
			var wg sync.WaitGroup
			for name2, g := range gs[1:] {
				wg.Go(func() {
					_, err := bits(t.Context(), g, name2)
					assert.ErrorIs(t, err, collectives.ErrPeerLost)
					g, err := Reopen(t.Context(), g)
					if name == "torchrun" {
						assert.ErrorIs(t, err, transport.ErrTimeout)
						assert.ErrorContains(t, err, "which the launcher's rank 0 serves")
						return
					}
					if assert.NoError(t, err) {
						defer g.Close()
						sum, err := bits(t.Context(), g, name2)
						assert.NoError(t, err)
						assert.Equal(t, int64(3), sum)
					}
				})
			}
			wg.Wait()
		})
	}
}

// One rank never comes, and one says that it is here and then dies: the others wait for each as long as they are told to,
// and go on without. One that comes after that is left out.
func TestReopenWithLatecomers(t *testing.T) {
	t.Parallel()
	const regroup = 2 * time.Second // a busy machine may be late by itself
	env := environments["tutti launch"](t)
	gs := openIn(t, env, 5, Config{Regroup: regroup})
	gs[4].Close()
	for name, g := range gs[:4] {
		_, err := bits(t.Context(), g, name)
		require.ErrorIs(t, err, collectives.ErrPeerLost)
	}
	kv, err := rendezvous.Dial(t.Context(), env(0, 5)["TUTTI_STORE"], gs[0].Transport().(*joined).secret)
	require.NoError(t, err)
	defer kv.Close()
	require.NoError(t, kv.Set(t.Context(), "reopen/test/1/here/3", []byte("4"))) // its last word

	var wg sync.WaitGroup
	begin := time.Now()
	for name, g := range gs[:2] {
		wg.Go(func() {
			g, err := Reopen(t.Context(), g)
			if !assert.NoError(t, err) {
				return
			}
			defer g.Close()
			assert.Equal(t, 2, g.Size())
			sum, err := bits(t.Context(), g, name)
			assert.NoError(t, err)
			assert.Equal(t, int64(3), sum)
		})
	}
	wg.Wait()
	assert.GreaterOrEqual(t, time.Since(begin), 3*regroup, "for rank 2 to come, for rank 3 to connect, and to come again")
	_, err = Reopen(t.Context(), gs[2])
	require.ErrorIs(t, err, ErrLeftOut)
	require.ErrorContains(t, err, "[0 1 3]")
	gs[3].Close()
}

// A rank that was taken for lost while it lives learns it from the others. Here it loses who counts it as lost, so the third decides,
// by whose word it hears first.
func TestReopenOfOneCountedAsLost(t *testing.T) {
	gs := openIn(t, environments["tutti launch"](t), 3, Config{})
	gs[0].Transport().(transport.Aborter).Abort(&transport.PeerLostError{Rank: 2, Err: errors.New("silent")})
	errs := make([]error, 3)
	var wg sync.WaitGroup
	for name, g := range gs {
		wg.Go(func() {
			_, err := bits(t.Context(), g, name)
			assert.ErrorIs(t, err, collectives.ErrPeerLost)
			g, err := Reopen(t.Context(), g)
			errs[name] = err
			if err == nil {
				assert.Equal(t, 2, g.Size())
				_, err := bits(t.Context(), g, name)
				assert.NoError(t, err)
				g.Close()
			}
		})
	}
	wg.Wait()
	out, in := 2, 0
	if errs[0] != nil {
		out, in = 0, 2
	}
	assert.ErrorIs(t, errs[out], ErrLeftOut)
	assert.NoError(t, errs[in])
	assert.NoError(t, errs[1])
}

func TestReopenMisuse(t *testing.T) {
	_, err := Reopen(t.Context(), collectives.Alone())
	require.ErrorContains(t, err, "only a group of several ranks that Open made over tcp, unix or shm")
	gs := openIn(t, environments["tutti launch"](t), 2, Config{})
	_, err = Reopen(t.Context(), gs[0])
	require.ErrorContains(t, err, "the group has lost no rank, its error is: none")
	gs[0].Close()
	_, err = Reopen(t.Context(), gs[0])
	require.ErrorIs(t, gs[0].Err(), collectives.ErrClosed)
	require.ErrorContains(t, err, "the group has lost no rank")
	gs[1].Close()
}

func TestParseRanks(t *testing.T) {
	got, err := parseRanks([]byte("0 3 12"))
	require.NoError(t, err)
	assert.True(t, slices.Equal([]int{0, 3, 12}, got))
	for _, bad := range []string{"", " ", "a", "1,2", strings.Repeat("9", 30)} {
		_, err := parseRanks([]byte(bad))
		assert.Error(t, err, bad)
	}
}

// Several ranks die at once, whichever each survivor names: reopening waits for none of them, as all have heard them
// hang up. It would take Regroup otherwise, here longer than Open may.
func TestReopenAfterSeveralDeathsAtOnce(t *testing.T) {
	for _, kind := range []string{TCP, Auto} {
		t.Run(kind, func(t *testing.T) {
			var out, errs lines
			err := spawn(t, "ranks 1 and 3 are killed, the others reopen",
				SpawnConfig{N: 5, Argv: []string{kind}, Stdout: &out, Stderr: &errs, KeepGoing: runtime.GOOS != "windows"})
			if runtime.GOOS == "windows" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err, out.String())
			assert.Equal(t, 3, strings.Count(out.String(), "of 3: sum 21\n"), "1 + 4 + 16: %s", out.String())
		})
	}
}

// A rank that dies after it has told the others of another's death, as those do that live on, has left no sign of its
// own; the launcher's word ends the wait for it.
func TestReopenAfterALaterDeath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody can tell a kill from an exit there")
	}
	var out, errs lines
	err := spawn(t, "ranks 1 and 3 are killed, then 4, the others reopen",
		SpawnConfig{N: 5, Argv: []string{Auto}, Stdout: &out, Stderr: &errs, KeepGoing: true})
	require.NoError(t, err, out.String())
	assert.Equal(t, 2, strings.Count(out.String(), "of 2: sum 5\n"), "1 + 4: %s", out.String())
}

// reopenAfterTwo is a rank of five. Rank 0 kills 1 and 3 once all are there; rank later, if that is one, kills itself
// when it knows.
func reopenAfterTwo(transport string, later int) int {
	ctx := context.Background()
	g, err := Open(ctx, Config{Transport: transport, OpenTimeout: 20 * time.Second, Regroup: time.Minute})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	me := g.Rank()
	pids := make([]int64, g.Size())
	pids[me] = int64(os.Getpid())
	if err := collectives.AllReduce(ctx, g, pids, collectives.Sum); err != nil {
		fmt.Println(err)
		return 1
	}
	err = collectives.Barrier(ctx, g) // who is through it knows that all have the sum; a kill may end it for others
	if me == 0 {
		for _, r := range []int{1, 3} {
			p, _ := os.FindProcess(int(pids[r]))
			p.Kill()
		}
	}
	for err == nil {
		err = collectives.AllReduce(ctx, g, make([]float64, 1000), collectives.Sum)
	}
	if me == later {
		p, _ := os.FindProcess(os.Getpid())
		p.Kill() // having told the others, as one that lives on would
	}
	if g, err = Reopen(ctx, g); err != nil {
		fmt.Println(err)
		return 1
	}
	defer g.Close()
	buf := []int64{1 << me}
	if err := collectives.AllReduce(ctx, g, buf, collectives.Sum); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("rank %d of %d: sum %d\n", g.Rank(), g.Size(), buf[0])
	return 0
}
