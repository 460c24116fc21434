//go:build unix

package tcp_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// What may happen to a job, many times over. The tests are short by themselves; ci/soak sets TUTTI_SOAK for the long form,
// in which times are asserted too: to 1, or to n for an nth of the repetitions.
var soak = os.Getenv("TUTTI_SOAK") != ""

func times(t *testing.T, short, long int) int {
	if !soak {
		return short
	}
	part, err := strconv.Atoi(os.Getenv("TUTTI_SOAK"))
	require.NoError(t, err, "TUTTI_SOAK")
	require.Positive(t, part, "TUTTI_SOAK")
	return max(short, long/part)
}

// report logs the quantiles of how long survivors took to know.
func report(t *testing.T, what string, took []time.Duration, promise time.Duration) {
	t.Helper()
	slices.Sort(took)
	at := func(q float64) time.Duration {
		return took[min(len(took)-1, int(q*float64(len(took))))].Round(100 * time.Microsecond)
	}
	t.Logf("%s: %d survivors knew after %v (median), %v (99 %%), %v (longest)", what, len(took), at(0.5), at(0.99), at(1))
	if soak {
		assert.LessOrEqual(t, at(0.99), promise, what)
	}
}

// harm does something to the victim and returns how long each survivor took to name it.
func harm(t *testing.T, ws []*worker, victim int, limit time.Duration, how func()) (took []time.Duration) {
	t.Helper()
	begin := time.Now()
	how()
	for r, w := range ws {
		if r != victim {
			got := w.line(t, limit)
			took = append(took, time.Since(begin))
			assert.True(t, strings.HasPrefix(got, fmt.Sprintf("lost %d ", victim)), "rank %d says %q", r, got)
		}
	}
	return took
}

// Random ranks are killed at random times, over random carriers: every survivor names the victim, and no sum was wrong,
// which the workers check.
func TestSoakKills(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	var took []time.Duration
	for i := range times(t, 3, 1000) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			size := 2 + rng.IntN(3)
			alg := []collectives.Algorithm{collectives.Ring, collectives.Shuffle}[rng.IntN(2)]
			ws := startWorkers(t, size, alg, 5*time.Second, carriers()[rng.IntN(len(carriers()))])
			victim := rng.IntN(size)
			time.Sleep(time.Duration(rng.IntN(20_000)) * time.Microsecond)
			took = append(took, harm(t, ws, victim, hangs, func() { ws[victim].Process.Kill() })...)
		})
		if t.Failed() {
			return
		}
	}
	report(t, "kill -9", took, time.Second)
}

// Frozen ranks, with the times of a default configuration in the long form.
func TestSoakFreezes(t *testing.T) {
	silence := time.Second
	if soak {
		silence = 4 * time.Second
	}
	var took []time.Duration
	for i := range times(t, 1, 20) {
		carrier := carriers()[i%len(carriers())]
		t.Run(fmt.Sprintf("%d over %s", i, carrier), func(t *testing.T) {
			ws := startWorkers(t, 3, collectives.Ring, silence, carrier)
			took = append(took, harm(t, ws, i%3, silence+hangs, func() { ws[i%3].Process.Signal(syscall.SIGSTOP) })...)
		})
	}
	report(t, "SIGSTOP", took, 10*time.Second)
}

// A rank that is paused for 8 s, longer than a handshake may take, while the others meet.
func TestSoakPausedWhileMeeting(t *testing.T) {
	if !soak {
		t.Skip("not run: ci/soak does; TestHandshakeIsTriedAgain is the short form")
	}
	for _, carrier := range carriers() {
		t.Run(string(carrier), func(t *testing.T) {
			sites := make([]site, 4)
			sites[0].prefix = []string{"sh", "-c", `sleep 0.6; exec "$0"`}
			sites[2].prefix = []string{"sh", "-c", `(sleep 0.3; kill -STOP $$; sleep 8; kill -CONT $$) & exec "$0"`}
			startWorkersAt(t, collectives.Ring, 4*time.Second, carrier, sites)
		})
	}
}

// Two hosts, network namespaces as far as the kernel is concerned, whose cable is pulled.
func TestSoakCutCable(t *testing.T) {
	if !soak {
		t.Skip("not run: ci/soak does; TestSilentNetwork is the short form")
	}
	ip := func(args ...string) {
		t.Helper()
		out, err := exec.Command("ip", args...).CombinedOutput()
		require.NoError(t, err, "ip %v: %s", args, out)
	}
	var took []time.Duration
	for i := range times(t, 1, 10) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			names := []string{fmt.Sprintf("tutti-a%d", os.Getpid()), fmt.Sprintf("tutti-b%d", os.Getpid())}
			sites := make([]site, 2)
			for r, ns := range names {
				ip("netns", "add", ns)
				t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
				sites[r] = site{fmt.Sprintf("10.77.0.%d", r+1), []string{"ip", "netns", "exec", ns}}
			}
			ip("link", "add", "veth0", "netns", names[0], "type", "veth", "peer", "name", "veth0", "netns", names[1])
			for r, ns := range names {
				ip("-n", ns, "addr", "add", sites[r].host+"/24", "dev", "veth0")
				ip("-n", ns, "link", "set", "veth0", "up")
			}
			ws := startWorkersAt(t, collectives.Ring, 4*time.Second, tcp.Auto, sites)
			begin := time.Now()
			ip("-n", names[1], "link", "set", "veth0", "down")
			for r, w := range ws {
				got := w.line(t, 20*time.Second)
				took = append(took, time.Since(begin))
				assert.True(t, strings.HasPrefix(got, fmt.Sprintf("lost %d ", 1-r)), "rank %d says %q", r, got)
			}
		})
	}
	report(t, "cut cable", took, 5*time.Second)
}

// The short form of that: a network on which suddenly nothing passes any more.
func TestSilentNetwork(t *testing.T) {
	cut := make(chan struct{})
	t.Cleanup(func() { close(cut) })
	store := proxyStore{transport.NewMemStore(), t, func(_ bool, off int, b []byte) bool {
		if off+len(b) > 1<<20 {
			<-cut
		}
		return true
	}}
	errs := make(chan error, 2)
	for r := range 2 {
		go func() {
			tr, err := tcp.Open(t.Context(), tcp.Config{Rank: r, Size: 2, Store: store, Secret: []byte("s"), Carrier: tcp.TCP,
				Heartbeat: 50 * time.Millisecond, PeerTimeout: 300 * time.Millisecond})
			if err == nil {
				defer tr.Close()
				for buf := make([]byte, 100_000); err == nil; {
					err = tr.SendRecv(t.Context(), 1-r, 1, buf, 1-r, 1, make([]byte, len(buf)))
				}
			}
			errs <- err
		}()
	}
	for range 2 {
		err := <-errs
		assert.ErrorIs(t, err, transport.ErrPeerLost)
		assert.ErrorContains(t, err, "silent for")
	}
}

// Groups opened and closed leave nothing behind: no goroutine, no descriptor, no memory.
func TestSoakOpenAndClose(t *testing.T) {
	descriptors := func() int {
		ents, err := os.ReadDir("/dev/fd")
		require.NoError(t, err)
		return len(ents)
	}
	cycle := func(carrier tcp.Carrier) {
		ts := make([]*tcp.Transport, 3)
		store := transport.NewMemStore()
		var wg sync.WaitGroup
		for r := range ts {
			wg.Go(func() {
				var err error
				ts[r], err = tcp.Open(t.Context(), tcp.Config{Rank: r, Size: 3, Store: store, Secret: []byte("s"), Carrier: carrier})
				if !assert.NoError(t, err) {
					return
				}
				g, err := collectives.New(ts[r], collectives.Config{})
				assert.NoError(t, err)
				assert.NoError(t, collectives.AllReduce(t.Context(), g, make([]float32, 10_000), collectives.Sum))
				assert.NoError(t, g.Close())
			})
		}
		wg.Wait()
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for _, carrier := range carriers() {
		t.Run(string(carrier), func(t *testing.T) {
			for range 3 {
				cycle(carrier)
			}
			goroutines, fds, bytes := runtime.NumGoroutine(), descriptors(), heap()
			for range times(t, 8, 200) {
				cycle(carrier)
			}
			for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines || descriptors() > fds; {
				if time.Now().After(end) {
					require.Fail(t, "something is left", "%d goroutines and %d descriptors before, %d and %d after", goroutines, fds, runtime.NumGoroutine(), descriptors())
				}
				time.Sleep(time.Millisecond)
			}
			const slack = 1 << 20 // what the runtime keeps of its own; one cycle takes more
			assert.LessOrEqual(t, heap(), bytes+slack, "bytes of heap")
		})
	}
}

// Strangers who never end their hello, a byte now and then, keep nobody out: not when they take all the places either,
// since each has its place for a handshake's time only.
func TestSoakSlowStrangers(t *testing.T) {
	store := transport.NewMemStore()
	c := tcp.Config{Size: 2, Store: store, Secret: []byte("secret"), Carrier: tcp.TCP}
	opened := make(chan error, 1)
	var zero *tcp.Transport
	go func() {
		var err error
		zero, err = tcp.Open(t.Context(), c)
		opened <- err
	}()
	address, err := store.Get(t.Context(), "tcp//0")
	require.NoError(t, err)
	for range times(t, 50, 100) {
		conn, err := net.Dial("tcp", string(address))
		require.NoError(t, err)
		defer conn.Close()
		go func() {
			for _, b := range []byte("TUTTI\x00\x00\x00 and much more, in time") {
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(300 * time.Millisecond)
			}
		}()
	}
	c.Rank = 1
	one, err := tcp.Open(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, <-opened)
	one.Close()
	zero.Close()
}
