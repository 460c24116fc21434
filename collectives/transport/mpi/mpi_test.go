//go:build mpi && cgo && !windows

package mpi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/collectivestest"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

// The tests of this package are of two kinds. Without mpirun, TestUnderMPIRun starts this very binary under mpirun for
// several numbers of ranks. There, every rank runs all the other tests in the same order, each in a world of its own.

// role, in the environment, makes a rank play a part in a job that is meant to fail.
const role = "TUTTI_MPI_TEST_ROLE"

func underMPIRun() bool { return os.Getenv("OMPI_COMM_WORLD_SIZE")+os.Getenv("PMI_SIZE") != "" }

func TestMain(m *testing.M) {
	if part, ok := parts[os.Getenv(role)]; ok && underMPIRun() {
		os.Exit(part())
	}
	code := m.Run()
	Finish()
	os.Exit(code)
}

// mpirun runs this test binary on n ranks.
func mpirun(t *testing.T, n int, env string, args ...string) (string, error) {
	path, err := exec.LookPath("mpirun")
	if err != nil {
		t.Skip("not run: there is no mpirun in PATH")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"--oversubscribe", "--bind-to", "none", "-n", fmt.Sprint(n), self}, args...)...)
	cmd.Env = append(os.Environ(), "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "GODEBUG=cgocheck=1", env)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // mpirun takes its ranks along
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestUnderMPIRun(t *testing.T) {
	if underMPIRun() {
		return // this is the other side
	}
	for _, n := range collectivestest.Sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			if testing.Short() && n > 3 {
				t.Skip("not run: -short")
			}
			out, err := mpirun(t, n, role+"=", "-test.v", "-test.timeout=4m")
			require.NoError(t, err, out)
			assert.Equal(t, n, strings.Count(out, "--- PASS: TestConformance "), out)
			assert.NotContains(t, out, "SKIP")
		})
	}
}

// open joins a new world, or skips a test that was not started by mpirun.
func open(t *testing.T) *world {
	t.Helper()
	if !underMPIRun() {
		t.Skip("not run: start with mpirun; TestUnderMPIRun does")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w, err := Open(ctx, Config{Keep: true, CloseTimeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, w.Close()) })
	return w.(*world)
}

// small makes frames and chunks so short that every message has many.
func small(t *testing.T) {
	f, c := frameLen, chunkLen
	frameLen, chunkLen = 64, 128
	t.Cleanup(func() { frameLen, chunkLen = f, c }) // runs after the world of the test is closed if called before open
}

func TestConformance(t *testing.T) {
	for _, alg := range collectives.Algorithms() {
		t.Run(alg.String(), func(t *testing.T) {
			w := open(t)
			g, err := collectives.New(w, collectives.Config{Algorithm: alg, Timeout: time.Minute})
			require.NoError(t, err)
			digest, err := collectivestest.Check(t.Context(), g)
			require.NoError(t, err)
			if alg == collectives.Native || alg == collectives.Auto || w.rank > 0 {
				return // MPI's own order of summation; and once is enough
			}
			assert.Equal(t, inprocDigest(t, w.size, alg), digest, "the bits differ from those of ranks in one process")
		})
	}
}

func inprocDigest(t *testing.T, n int, alg collectives.Algorithm) (digest uint64) {
	var wg sync.WaitGroup
	for r, e := range inproc.NewWorld(n) {
		wg.Go(func() {
			g, err := collectives.New(e, collectives.Config{Algorithm: alg, Timeout: time.Minute})
			if !assert.NoError(t, err) {
				return
			}
			d, err := collectivestest.Check(t.Context(), g)
			assert.NoError(t, err)
			if r == 0 {
				digest = d
			}
		})
	}
	wg.Wait()
	return digest
}

func TestConformanceInManyFrames(t *testing.T) {
	for _, alg := range []collectives.Algorithm{collectives.Ring, collectives.Native} {
		t.Run(alg.String(), func(t *testing.T) {
			small(t)
			g, err := collectives.New(open(t), collectives.Config{Algorithm: alg, Timeout: time.Minute})
			require.NoError(t, err)
			for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1000} {
				buf := collectivestest.Input[int64](g.Rank(), n)
				want, _ := collectivestest.Reference[int64](g.Size(), n, collectives.Sum)
				require.NoError(t, collectives.AllReduce(t.Context(), g, buf, collectives.Sum))
				assert.Equal(t, want, buf, "%d elements", n)
				bytes := collectivestest.Input[uint8](g.Rank(), n)
				require.NoError(t, collectives.Broadcast(t.Context(), g, bytes, n%g.Size()))
				assert.Equal(t, collectivestest.Input[uint8](n%g.Size(), n), bytes, "%d bytes", n)
			}
		})
	}
}

// pattern returns n bytes that tell who sent them and where they belong.
func pattern(from, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i>>8 + from*31)
	}
	return p
}

func TestMessages(t *testing.T) {
	for _, few := range []bool{true, false} {
		t.Run(fmt.Sprintf("one frame is enough=%v", few), func(t *testing.T) {
			if !few {
				small(t)
			}
			w := open(t)
			if w.size == 1 {
				return
			}
			right, left := (w.rank+1)%w.size, (w.rank+w.size-1)%w.size
			for _, n := range []int{0, 1, 55, 56, 57, 63, 64, 65, 127, 128, 129, 1000, 4096, 100_003, 262_144, 262_145, 1 << 20} {
				if !few && n > 4096 {
					break
				}
				for _, tag := range []transport.Tag{0, 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32} {
					got := make([]byte, n)
					require.NoError(t, w.SendRecv(t.Context(), right, tag, pattern(w.rank, n), left, tag, got))
					require.Equal(t, pattern(left, n), got, "%d bytes, tag %d", n, tag)
				}
			}
		})
	}
}

func TestTagsDoNotWaitForEachOther(t *testing.T) {
	w := open(t)
	if w.size == 1 {
		return
	}
	right, left := (w.rank+1)%w.size, (w.rank+w.size-1)%w.size
	var wg sync.WaitGroup
	for tag := range transport.Tag(4) {
		wg.Go(func() {
			for k := range 3 { // in order within a tag
				assert.NoError(t, w.Send(t.Context(), right, tag, pattern(int(tag)+k, 300_000)))
			}
		})
	}
	for tag := range transport.Tag(4) {
		tag = 3 - tag
		for k := range 3 {
			got := make([]byte, 300_000)
			require.NoError(t, w.Recv(t.Context(), left, tag, got))
			require.Equal(t, pattern(int(tag)+k, 300_000), got, "message %d of tag %d", k, tag)
		}
	}
	wg.Wait()
}

func TestMessagesAndCollectivesAtOnce(t *testing.T) {
	w := open(t)
	if w.size == 1 {
		return
	}
	right, left := (w.rank+1)%w.size, (w.rank+w.size-1)%w.size
	var wg sync.WaitGroup
	wg.Go(func() { // a collective that the last rank enters only when a long message has arrived
		if w.rank == w.size-1 {
			assert.NoError(t, w.Recv(t.Context(), left, 9, make([]byte, 1<<20)))
		}
		assert.NoError(t, w.Barrier(t.Context()))
	})
	if right == w.size-1 {
		time.Sleep(20 * time.Millisecond)
		assert.NoError(t, w.Send(t.Context(), right, 9, make([]byte, 1<<20)))
	}
	wg.Wait()
}

func TestSizeError(t *testing.T) {
	small(t)
	w := open(t)
	if w.size == 1 {
		return
	}
	right, left := (w.rank+1)%w.size, (w.rank+w.size-1)%w.size
	for _, c := range []struct{ sent, want int }{{0, 1}, {1, 0}, {10, 5}, {5, 10}, {1000, 500}, {500, 1000}, {200, 0}} {
		got := make([]byte, c.want)
		err := w.SendRecv(t.Context(), right, 5, pattern(w.rank, c.sent), left, 5, got)
		var se *transport.SizeError
		require.ErrorAs(t, err, &se, "%d bytes for %d", c.sent, c.want)
		assert.ErrorIs(t, err, transport.ErrMismatch)
		assert.Equal(t, transport.SizeError{From: left, To: w.rank, Tag: 5, Got: c.sent, Want: c.want}, *se)
		n := min(c.sent, c.want)
		assert.Equal(t, pattern(left, n), got[:n])
		// The next message is not disturbed.
		got = make([]byte, 100)
		require.NoError(t, w.SendRecv(t.Context(), right, 5, pattern(w.rank, 100), left, 5, got))
		assert.Equal(t, pattern(left, 100), got)
	}
}

func TestContextEndsAReceive(t *testing.T) {
	w := open(t)
	if w.size == 1 {
		return
	}
	right, left := (w.rank+1)%w.size, (w.rank+w.size-1)%w.size
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := w.Recv(ctx, left, 1, make([]byte, 8))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, fmt.Sprintf("rank %d waits for rank %d", w.rank, left))
	require.ErrorIs(t, w.Recv(ctx, left, 1, make([]byte, 8)), context.DeadlineExceeded, "an expired context")
	// Nothing had come, so nothing is lost.
	require.NoError(t, w.Barrier(t.Context()))
	got := make([]byte, 8)
	require.NoError(t, w.SendRecv(t.Context(), right, 1, pattern(w.rank, 8), left, 1, got))
	assert.Equal(t, pattern(left, 8), got)
}

func TestPostRecv(t *testing.T) {
	w := open(t)
	if w.size == 1 {
		return
	}
	right, left := (w.rank+1)%w.size, (w.rank+w.size-1)%w.size
	var got [3][]byte
	var pending [3]transport.Pending
	for k := range pending { // in order, long ones among them; everybody sends before anybody waits
		got[k] = make([]byte, 1+k*500_000)
		pending[k] = w.PostRecv(left, 4, got[k])
	}
	for k := range pending {
		require.NoError(t, w.Send(t.Context(), right, 4, pattern(w.rank+k, len(got[k]))))
	}
	for k, p := range pending {
		require.NoError(t, p.Wait(t.Context()))
		require.Equal(t, pattern(left+k, len(got[k])), got[k], "message %d", k)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.PostRecv(left, 5, make([]byte, 8)).Wait(cancelled), context.Canceled)
	require.NoError(t, w.Barrier(t.Context()))
	require.NoError(t, w.Close())
	require.ErrorIs(t, w.PostRecv(left, 5, nil).Wait(t.Context()), transport.ErrClosed)
}

func TestCloseIsSeenByThoseWhoWait(t *testing.T) {
	w := open(t)
	if w.size == 1 {
		return
	}
	last := w.size - 1
	if w.rank == last {
		require.NoError(t, w.Send(t.Context(), 0, 1, pattern(1, 10)))
		require.NoError(t, w.Close())
		require.ErrorIs(t, w.Send(t.Context(), 0, 1, nil), transport.ErrClosed)
		return
	}
	if w.rank == 0 { // what was sent before still arrives
		time.Sleep(30 * time.Millisecond)
		require.NoError(t, w.Recv(t.Context(), last, 1, make([]byte, 10)))
	}
	err := w.Recv(t.Context(), last, 1, make([]byte, 10))
	var lost *transport.PeerLostError
	require.ErrorAs(t, err, &lost)
	assert.Equal(t, last, lost.Rank)
	// Others are still there.
	if w.size > 2 {
		n := w.size - 1
		right, left := (w.rank+1)%n, (w.rank+n-1)%n
		require.NoError(t, w.SendRecv(t.Context(), right, 2, pattern(w.rank, 8), left, 2, make([]byte, 8)))
	}
}

func TestCloseEndsOwnCalls(t *testing.T) {
	w := open(t)
	if w.size == 1 {
		return
	}
	result := make(chan error)
	go func() { result <- w.Recv(t.Context(), (w.rank+1)%w.size, 1, make([]byte, 8)) }()
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, w.Close())
	err := <-result // its peer closes too, and may be first
	assert.True(t, errors.Is(err, transport.ErrClosed) || errors.Is(err, transport.ErrPeerLost), "%v", err)
}

func TestAbort(t *testing.T) {
	cause := errors.New("the loss is NaN")
	for _, c := range []struct {
		name  string
		cause error
		lost  func(size int) int
	}{
		{"own fault", cause, func(int) int { return 0 }},
		{"mismatch", fmt.Errorf("%w: lengths 3 and 4", transport.ErrMismatch), func(int) int { return 0 }},
		{"somebody lost", &transport.PeerLostError{Rank: 1, Err: cause}, func(int) int { return 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			if w.size == 1 {
				return
			}
			right := (w.rank + 1) % w.size
			if w.rank == 0 {
				result := make(chan error)
				go func() { result <- w.Recv(t.Context(), right, 1, make([]byte, 8)) }()
				time.Sleep(10 * time.Millisecond)
				w.Abort(c.cause)
				require.ErrorIs(t, <-result, c.cause)
				require.ErrorIs(t, w.Send(t.Context(), right, 1, nil), c.cause)
				return
			}
			err := w.Recv(t.Context(), right, 1, make([]byte, 8))
			var lost *transport.PeerLostError
			require.ErrorAs(t, err, &lost)
			assert.Equal(t, c.lost(w.size), lost.Rank)
			assert.ErrorContains(t, err, c.cause.Error())
			assert.Equal(t, errors.Is(c.cause, transport.ErrMismatch), errors.Is(err, transport.ErrMismatch))
			require.ErrorIs(t, w.Barrier(t.Context()), transport.ErrPeerLost, "a later call")
		})
	}
}

func TestExtremes(t *testing.T) {
	w := open(t)
	nan, neg := float32(math.NaN()), float32(math.Copysign(0, -1))
	// Column by column: every rank r gives rows[r mod 2].
	rows := [2][]float32{{1, nan, 2, 0, neg}, {2, 1, nan, neg, 0}}
	for _, op := range []transport.Op{transport.Min, transport.Max} {
		buf := append([]float32(nil), rows[w.rank%2]...)
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), 4*len(buf))
		require.NoError(t, w.AllReduce(t.Context(), bytes, transport.Float32, op))
		for i, got := range buf {
			want := rows[0][i]
			if w.size > 1 {
				if want = min(rows[0][i], rows[1][i]); op == transport.Max {
					want = max(rows[0][i], rows[1][i])
				}
			}
			if want != want {
				assert.True(t, got != got, "%v of column %d = %v, want NaN", op, i, got)
			} else {
				assert.Equal(t, math.Float32bits(want), math.Float32bits(got), "%v of column %d = %v, want %v", op, i, got, want)
			}
		}
	}
}

func TestOneWorldAtATime(t *testing.T) {
	open(t)
	_, err := Open(t.Context(), Config{})
	require.ErrorContains(t, err, "already")
}

func TestOtherLauncherIsRefused(t *testing.T) {
	if !underMPIRun() {
		t.Skip("not run: start with mpirun; TestUnderMPIRun does")
	}
	_, err := Open(t.Context(), Config{Rank: 3, Size: 99, Launcher: "Another MPI", Keep: true})
	require.ErrorContains(t, err, "environment of Another MPI says rank 3 of 99, but the MPI of this binary says rank")
}

func TestAllocations(t *testing.T) {
	w := open(t)
	buf := make([]byte, 4096)
	body := func() {
		if err := w.AllReduce(t.Context(), buf, transport.Float32, transport.Sum); err != nil {
			t.Error(err)
		}
	}
	assert.Zero(t, alloctest.PerRun(100, body))
}
