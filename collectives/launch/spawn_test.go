package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// role, in the environment, makes this test binary play the part of a rank instead of running tests.
const role = "TUTTI_LAUNCH_TEST_ROLE"

func TestMain(m *testing.M) {
	if part, ok := parts[os.Getenv(role)]; ok {
		os.Exit(part(os.Getenv(rendezvous.EnvRank), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// parts are what ranks do. Each returns its process's exit code.
var parts = map[string]func(rank string, args []string) int{
	"sum":      func(string, []string) int { return sum(Auto) },
	"meets":    func(_ string, args []string) int { return meets(args[0]) },
	"sum, tcp": func(string, []string) int { return sum(TCP) },
	"print": func(rank string, args []string) int {
		for i := range 200 {
			fmt.Printf("line %d of %s %s\n", i, rank, strings.Repeat(rank, 100))
		}
		fmt.Print("10 %\r20 %\r", "100 %\nno newline of ", rank)
		fmt.Fprintf(os.Stderr, "args %v\n", args)
		return 0
	},
	"rank 1 exits with 7": func(rank string, _ []string) int {
		if rank == "1" {
			return 7
		}
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		select {
		case <-terminated:
			fmt.Println("asked to end")
		case <-time.After(time.Minute):
			fmt.Println("not asked")
		}
		return 5
	},
	"rank 2 is killed": func(rank string, _ []string) int {
		g, err := Open(context.Background(), Config{})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if rank == "2" {
			p, _ := os.FindProcess(os.Getpid())
			p.Kill()
		}
		err = collectives.Barrier(context.Background(), g)
		fmt.Println("lost:", errors.Is(err, collectives.ErrPeerLost))
		return 1
	},
	"rank 2 is killed, the others reopen": func(_ string, args []string) int {
		if code := reopen(args[0]); code != 0 || len(args) == 1 {
			return code
		}
		return 4
	},
	"ranks 1 and 3 are killed, the others reopen":         func(_ string, args []string) int { return reopenAfterTwo(args[0], -1) },
	"ranks 1 and 3 are killed, then 4, the others reopen": func(_ string, args []string) int { return reopenAfterTwo(args[0], 4) },
	"rank 0 is killed, all others exit with 3": func(rank string, _ []string) int {
		if rank == "0" {
			p, _ := os.FindProcess(os.Getpid())
			p.Kill()
			time.Sleep(time.Minute)
		}
		return 3
	},
	"all are killed": func(string, []string) int {
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		time.Sleep(time.Minute)
		return 0
	},
	"deaf": func(rank string, _ []string) int {
		signal.Ignore(syscall.SIGTERM, os.Interrupt)
		fmt.Println("ready")
		time.Sleep(time.Minute)
		return 0
	},
	"waits for the signal": func(rank string, _ []string) int {
		c := make(chan os.Signal, 1)
		signal.Notify(c, os.Interrupt, syscall.SIGTERM)
		fmt.Println("ready")
		select {
		case s := <-c:
			fmt.Println("checkpoint after", s)
			return 0
		case <-time.After(time.Minute):
			return 1
		}
	},
	"rank 1 leaves, and the others fail of it": func(rank string, _ []string) int {
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		g, err := Open(context.Background(), Config{})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if rank == "1" {
			g.Close()
			<-terminated
			return 0
		}
		fmt.Println(collectives.Barrier(context.Background(), g))
		return 6
	},
	"rank 1 ends, and the others open": func(rank string, args []string) int {
		if rank == "1" {
			code, _ := strconv.Atoi(args[0])
			return code
		}
		_, err := Open(context.Background(), Config{})
		fmt.Println(errors.Is(err, collectives.ErrPeerLost), err)
		return 6
	},
	"takes time to end": func(string, []string) int {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("ready")
		<-c
		fmt.Println("begins to write")
		signal.Reset() // from here on a signal ends it
		time.Sleep(300 * time.Millisecond)
		fmt.Println("has written")
		return 0
	},
	"default on signals": func(rank string, _ []string) int {
		fmt.Println("process", os.Getpid())
		fmt.Println("ready")
		time.Sleep(time.Minute)
		return 0
	},
	"leaves a child": func(rank string, _ []string) int {
		cmd := exec.Command("sleep", "60")
		cmd.Stdout = os.Stdout // holds the pipe open
		if err := cmd.Start(); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("child", cmd.Process.Pid)
		return 0
	},
	"has a child": func(string, []string) int {
		cmd := exec.Command("sleep", "60")
		if err := cmd.Start(); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("process", os.Getpid())
		fmt.Println("process", cmd.Process.Pid)
		fmt.Println("ready")
		time.Sleep(time.Minute)
		return 0
	},
	"launcher": func(_ string, args []string) int {
		os.Setenv(role, args[0])
		err := Spawn(context.Background(), SpawnConfig{N: 2, Argv: []string{os.Args[0]}, Stdout: os.Stdout})
		fmt.Println(err)
		return 0
	},
	"colour": func(string, []string) int {
		fmt.Println(os.Getenv("COLOUR"))
		return 0
	},
	"environment": func(rank string, _ []string) int {
		s, err := rendezvous.Find(os.Getenv)
		fmt.Println(s.Rank, s.Size, s.LocalRank, s.LocalSize, s.Source, len(s.Secret), s.Job != "", err,
			"GOMAXPROCS="+os.Getenv("GOMAXPROCS"))
		fmt.Printf("COLOUR=%q\n", os.Getenv("COLOUR"))
		return 0
	},
}

// sum opens a group and prints the sum of 256^rank over it, in hexadecimal.
func sum(transport string) int {
	g, err := Open(context.Background(), Config{Transport: transport})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer g.Close()
	buf := []int64{1 << (8 * g.Rank())}
	if err := collectives.AllReduce(context.Background(), g, buf, collectives.Sum); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Printf("%x of %d\n", buf[0], g.Size())
	return 0
}

// lines collects output and tells when a text has been seen.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) await(t *testing.T, text string, times int) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Count(l.String(), text) >= times }, 30*time.Second, 5*time.Millisecond,
		"%d × %q in the output", times, text)
}

// spawn runs n processes that play a part.
func spawn(t *testing.T, part string, c SpawnConfig) error {
	t.Helper()
	c.Argv = append([]string{os.Args[0]}, c.Argv...)
	c.Env = append(os.Environ(), role+"="+part)
	return Spawn(t.Context(), c)
}

func TestSpawnSums(t *testing.T) {
	for n := 1; n <= 5; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var out lines
			require.NoError(t, spawn(t, "sum", SpawnConfig{N: n, Stdout: &out, Stderr: &out}), out.String())
			sum := strings.Repeat("01", n)[1:] // 1 + 1<<8 + …, in hexadecimal
			for rank := range n {
				assert.Contains(t, out.String(), fmt.Sprintf("[%d] %s of %d\n", rank, sum, n))
			}
		})
	}
}

// TestUnderMPIRun opens groups under a real mpirun: over MPI if this binary has it, and over TCP, whose ranks then meet in
// a directory.
func TestUnderMPIRun(t *testing.T) {
	path, err := exec.LookPath("mpirun")
	if err != nil {
		t.Skip("not run: there is no mpirun in PATH")
	}
	for _, part := range []string{"sum", "sum, tcp"} {
		for _, n := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, %d ranks", part, n), func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				cmd := exec.CommandContext(ctx, path, "--oversubscribe", "--bind-to", "none", "-n", strconv.Itoa(n), os.Args[0])
				cmd.Env = append(os.Environ(), role+"="+part, "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
				cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
				cmd.WaitDelay = 5 * time.Second
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
				line := fmt.Sprintf("%s of %d\n", strings.Repeat("01", n)[1:], n)
				assert.Equal(t, n, strings.Count(string(out), line), string(out))
			})
		}
	}
}

func TestSpawnOutput(t *testing.T) {
	var out, errOut lines
	require.NoError(t, spawn(t, "print", SpawnConfig{N: 11, Argv: []string{"-a", "b c"}, Stdout: &out, Stderr: &errOut}))
	got := map[string]int{}
	for line := range strings.Lines(out.String()) {
		got[line]++
	}
	for rank := range 11 {
		for i := range 200 {
			line := fmt.Sprintf("[%2d] line %d of %d %s\n", rank, i, rank, strings.Repeat(strconv.Itoa(rank), 100))
			assert.Equal(t, 1, got[line], line)
		}
		assert.Equal(t, 1, got[fmt.Sprintf("[%2d] 100 %%\n", rank)], "only the last state of a progress bar")
		assert.Equal(t, 1, got[fmt.Sprintf("[%2d] no newline of %d\n", rank, rank)])
		assert.Contains(t, errOut.String(), fmt.Sprintf("[%2d] args [-a b c]\n", rank))
	}
	assert.Len(t, got, 11*202)
}

func TestSpawnRank0Raw(t *testing.T) {
	var out, errOut lines
	require.NoError(t, spawn(t, "print", SpawnConfig{N: 2, Stdout: &out, Stderr: &errOut, Rank0Raw: true}))
	assert.Contains(t, out.String(), "10 %\r20 %\r100 %\nno newline of 0")
	assert.Contains(t, out.String(), "[1] 100 %\n")
	assert.Contains(t, errOut.String(), "args []\n")
}

func TestSpawnEnvironment(t *testing.T) {
	t.Setenv("TUTTI_RANK", "9") // of an outer launch
	t.Setenv("TUTTI_SIZE", "10")
	t.Setenv("TUTTI_SECRET", "00")
	var out lines
	os.Unsetenv("GOMAXPROCS")
	require.NoError(t, spawn(t, "environment", SpawnConfig{N: 2, Stdout: &out}))
	for rank := range 2 {
		assert.Contains(t, out.String(), fmt.Sprintf("[%d] %d 2 %d 2 tutti launch 32 true <nil> GOMAXPROCS=%d\n",
			rank, rank, rank, max(1, runtime.NumCPU()/2)))
	}
	t.Setenv("GOMAXPROCS", "3")
	require.NoError(t, spawn(t, "environment", SpawnConfig{N: 1, Stdout: &out}))
	assert.Contains(t, out.String(), "GOMAXPROCS=3\n", "the user's own is kept")
}

func TestSpawnFailureEndsTheOthers(t *testing.T) {
	var out lines
	begin := time.Now()
	err := spawn(t, "rank 1 exits with 7", SpawnConfig{N: 4, Stdout: &out})
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, ExitError{Rank: 1, Code: 7}, *exit, "the first to fail, not those who were asked to end")
	assert.EqualError(t, err, "launch: rank 1 exited with code 7")
	assert.Less(t, time.Since(begin), 50*time.Second, "they would wait for a minute")
}

func TestSpawnKilledRank(t *testing.T) {
	var out lines
	err := spawn(t, "rank 2 is killed", SpawnConfig{N: 3, Stdout: &out})
	var exit *ExitError
	require.ErrorAs(t, err, &exit, out.String())
	assert.Equal(t, 2, exit.Rank)
	if runtime.GOOS != "windows" {
		assert.Equal(t, 128+9, exit.Code)
		assert.EqualError(t, err, "launch: rank 2 was ended by a signal: killed")
	}
}

func TestSpawnCancelled(t *testing.T) {
	var out lines
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		out.await(t, "ready", 2)
		cancel(cause)
	}()
	err := Spawn(ctx, SpawnConfig{N: 2, Argv: []string{os.Args[0]}, Stdout: &out, Env: append(os.Environ(), role+"=default on signals")})
	require.ErrorIs(t, err, cause)
}

func TestSpawnProgram(t *testing.T) {
	err := Spawn(t.Context(), SpawnConfig{N: 2, Argv: []string{"no-such-program-anywhere"}})
	require.ErrorContains(t, err, `launch: program: exec: "no-such-program-anywhere"`)

	bad := t.TempDir() + "/not-a-program"
	require.NoError(t, os.WriteFile(bad, []byte("\x00"), 0o755))
	err = Spawn(t.Context(), SpawnConfig{N: 3, Argv: []string{bad}})
	require.ErrorContains(t, err, "launch: rank 0 of 3: fork/exec "+bad)
}

func TestSpawnConfigValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		c    SpawnConfig
		want string
	}{
		{"N", SpawnConfig{N: 0, Argv: []string{"x"}}, "N = 0"},
		{"no program", SpawnConfig{N: 1}, "Argv = []"},
		{"empty program", SpawnConfig{N: 1, Argv: []string{"", "a"}}, `Argv = ["" "a"]`},
		{"N absurd", SpawnConfig{N: 2 << 20, Argv: []string{"x"}}, "N = 2097152: at most 1048576"},
		{"slots", SpawnConfig{Hosts: []Host{{"a", 0}}, Argv: []string{"x"}}, `Hosts: "a" has 0 slots`},
		{"hosts", SpawnConfig{Hosts: []Host{{"a", 1}, {"A.", 1}}, Argv: []string{"x"}},
			`Hosts: "a" and "A." are one host`},
		{"address with a port", SpawnConfig{N: 1, Argv: []string{"x"}, Address: "a:1"}, `Address = "a:1"`},
		{"address of all", SpawnConfig{N: 1, Argv: []string{"x"}, Address: "0.0.0.0"}, `Address = "0.0.0.0"`},
		{"address with a blank", SpawnConfig{N: 1, Argv: []string{"x"}, Address: " a"}, `Address = " a"`},
		{"a value to pass", SpawnConfig{N: 1, Argv: []string{"x"}, Pass: []string{"A=1"}}, `Pass: "A=1" is no name`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorContains(t, Spawn(t.Context(), c.c), "launch: SpawnConfig: "+c.want)
		})
	}
}
