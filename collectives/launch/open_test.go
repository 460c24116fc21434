package launch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/rendezvous"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/mpi"
)

const testSecret = "000102030405060708090a0b0c0d0e0f"

func TestConfigValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		c    Config
		want string
	}{
		{"zero", Config{}, ""},
		{"auto", Config{Transport: "auto"}, ""},
		{"transport", Config{Transport: "udp"}, `launch: Config: Transport = "udp": one of auto, inproc, tcp, unix, shm, mpi`},
		{"timeout", Config{OpenTimeout: -1}, "launch: Config: OpenTimeout = -1ns: a duration ≥ 0"},
		{"algorithm", Config{Group: collectives.Config{Algorithm: 77}}, "Algorithm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.c.Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			_, err = Open(t.Context(), c.c)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		ask  string
		spec rendezvous.Spec
		want string
		mpi  string // what is wanted instead in a binary with MPI
	}{
		{"", rendezvous.Spec{Size: 1, Source: rendezvous.SourceNone}, InProc, ""},
		{Auto, rendezvous.Spec{Size: 1, Source: rendezvous.SourceTutti}, InProc, ""},
		{"", rendezvous.Spec{Size: 2, Source: rendezvous.SourceTutti}, TCP, ""},
		{"", rendezvous.Spec{Size: 2, Source: rendezvous.SourceTorch}, TCP, ""},
		{Auto, rendezvous.Spec{Size: 2, Source: rendezvous.SourceOpenMPI}, TCP, MPI},
		{Auto, rendezvous.Spec{Size: 1, Source: rendezvous.SourcePMI}, InProc, MPI},
		{TCP, rendezvous.Spec{Size: 2, Source: rendezvous.SourceOpenMPI}, TCP, ""},
		{InProc, rendezvous.Spec{Size: 2, Source: rendezvous.SourceOpenMPI}, InProc, ""},
		{MPI, rendezvous.Spec{Size: 1, Source: rendezvous.SourceNone}, MPI, ""},
	} {
		want := c.want
		if mpi.Available && c.mpi != "" {
			want = c.mpi
		}
		assert.Equal(t, want, Config{Transport: c.ask}.choose(c.spec), "%q from %s, %d ranks", c.ask, c.spec.Source, c.spec.Size)
	}
}

// tempDir makes os.TempDir a directory of this test.
func tempDir(t *testing.T) string {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // on Windows
	return dir
}

// openAll opens a group on size ranks, each a goroutine with an environment of its own, and sums over it.
func openAll(t *testing.T, size int, c Config, env func(rank int) map[string]string) {
	t.Helper()
	var wg sync.WaitGroup
	for rank := range size {
		wg.Go(func() {
			vars := env(rank)
			g, err := open(t.Context(), c, func(k string) string { return vars[k] })
			if !assert.NoError(t, err) {
				return
			}
			defer g.Close()
			assert.Equal(t, rank, g.Rank())
			assert.Equal(t, size, g.Size())
			buf := []int64{1 << rank}
			assert.NoError(t, collectives.AllReduce(t.Context(), g, buf, collectives.Sum))
			assert.Equal(t, int64(1)<<size-1, buf[0])
		})
	}
	wg.Wait()
}

func TestOpenAlone(t *testing.T) {
	for _, kind := range []string{"", Auto, InProc, TCP} {
		openAll(t, 1, Config{Transport: kind}, func(int) map[string]string { return nil })
	}
}

func TestOpenUnderTuttiLaunch(t *testing.T) {
	secret := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} // testSecret
	server, err := rendezvous.Serve("127.0.0.1:0", secret)
	require.NoError(t, err)
	defer server.Close()
	openAll(t, 4, Config{}, func(rank int) map[string]string {
		return map[string]string{"TUTTI_RANK": fmt.Sprint(rank), "TUTTI_SIZE": "4", "TUTTI_STORE": server.Addr(),
			"TUTTI_SECRET": testSecret, "TUTTI_JOB": "test"}
	})
}

// freePort returns a port nobody listens at.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

func TestOpenTorchrunStyle(t *testing.T) {
	port := freePort(t)
	openAll(t, 3, Config{}, func(rank int) map[string]string {
		return map[string]string{"RANK": fmt.Sprint(rank), "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
			"TUTTI_SECRET": testSecret}
	})
}

func TestOpenUnderMPIRunWithoutMPI(t *testing.T) {
	dir := tempDir(t)
	openAll(t, 4, Config{Transport: TCP}, func(rank int) map[string]string {
		return map[string]string{"OMPI_COMM_WORLD_RANK": fmt.Sprint(rank), "OMPI_COMM_WORLD_SIZE": "4",
			"OMPI_COMM_WORLD_LOCAL_RANK": fmt.Sprint(rank), "OMPI_COMM_WORLD_LOCAL_SIZE": "4", "PMIX_NAMESPACE": "12345"}
	})
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Empty(t, left, "what the meeting leaves")
}

func TestOpenErrors(t *testing.T) {
	torch := func(more ...string) map[string]string {
		env := map[string]string{"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	for _, c := range []struct {
		name string
		c    Config
		env  map[string]string
		want []string
		is   error
	}{
		{"several ranks in process", Config{Transport: InProc}, torch(), []string{"rank 1 of 2 (from torchrun), transport inproc"}, nil},
		{"bad environment", Config{}, torch("RANK", "2"), []string{"torchrun", "RANK=2", "WORLD_SIZE=2"}, nil},
		{"no secret", Config{}, torch(), []string{"neither TUTTI_SECRET nor TUTTI_SECRET_FILE in the environment"}, nil},
		{"a URL", Config{}, torch("MASTER_ADDR", "http://10.0.0.1", "TUTTI_SECRET", testSecret), []string{`MASTER_ADDR="http://10.0.0.1" is a URL`}, nil},
		{"how to get a secret", Config{}, torch(), []string{"openssl rand -hex 16"}, nil},
		{"nobody serves the store", Config{OpenTimeout: 50 * time.Millisecond}, torch("TUTTI_SECRET", testSecret),
			[]string{"timeout after 50ms", "127.0.0.1:1"}, transport.ErrTimeout},
		{"ranks on several hosts", Config{Transport: TCP}, map[string]string{"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "4",
			"OMPI_COMM_WORLD_LOCAL_SIZE": "2", "PMIX_NAMESPACE": "7"}, []string{"Open MPI started 2 of the 4 ranks on this host", "-tags mpi"}, nil},
		{"no name of the job", Config{Transport: TCP}, map[string]string{"PMI_RANK": "0", "PMI_SIZE": "2"},
			[]string{"MPICH/PMI gives neither an address"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			tempDir(t)
			_, err := open(t.Context(), c.c, func(k string) string { return c.env[k] })
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			if c.is != nil {
				assert.ErrorIs(t, err, c.is)
			}
		})
	}
}

func TestOpenMissingRank(t *testing.T) {
	dir := tempDir(t)
	env := map[string]string{"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_NAMESPACE": "x"}
	_, err := open(t.Context(), Config{Transport: TCP, OpenTimeout: 50 * time.Millisecond}, func(k string) string { return env[k] })
	require.ErrorIs(t, err, transport.ErrTimeout)
	require.ErrorContains(t, err, "rank 1 has not come")
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Empty(t, left, "what the failure leaves")
}

func TestOpenWithoutMPI(t *testing.T) {
	if mpi.Available {
		t.Skip("not run: this binary has MPI")
	}
	_, err := Open(t.Context(), Config{Transport: MPI})
	require.ErrorIs(t, err, mpi.ErrUnavailable)
	require.ErrorContains(t, err, "this binary was built without MPI: build it with -tags mpi")
}

func TestOpenIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	time.AfterFunc(20*time.Millisecond, func() { cancel(stop) })
	env := map[string]string{"TUTTI_RANK": "1", "TUTTI_SIZE": "2", "TUTTI_STORE": "127.0.0.1:1", "TUTTI_SECRET": testSecret}
	_, err := open(ctx, Config{}, func(k string) string { return env[k] })
	require.ErrorIs(t, err, stop)
}
