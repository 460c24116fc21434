package launch

// Ranks as processes of this host: start them, prefix what they print, pass signals on, and leave none behind.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// SpawnConfig says what Spawn starts. Only N and Argv are required.
type SpawnConfig struct {
	// N is the number of processes, at least 1.
	N int

	// Argv is the program and its arguments. The program is looked up in PATH unless it contains a path separator.
	Argv []string

	// Env is the environment of every process, as os.Environ gives it; nil means this process's own. The TUTTI_
	// variables of the job are added, and GOMAXPROCS, unless it is set: each rank's even share of the processors.
	Env []string

	// Dir is the working directory; "" means this process's own.
	Dir string

	// Stdout and Stderr take the output of all ranks, every line whole and after "[rank] "; nil discards it. One write
	// is made at a time, even if both are the same. A carriage return overwrites, as on a terminal: of a progress bar
	// the last state is kept. The ranks read an empty standard input.
	Stdout, Stderr io.Writer

	// Rank0Raw hands rank 0 Stdout and Stderr as they are: without a prefix, and, if they are a terminal, as a terminal,
	// on which a progress bar moves. The other ranks' lines come between.
	Rank0Raw bool

	// Grace is how long the ranks may take to end after they were asked to (by SIGTERM, or a signal passed on) before
	// they are killed. 0 means DefaultGrace, enough to write a checkpoint.
	Grace time.Duration

	// Signals gives the signals to pass on to the ranks: the first asks them to end, the second kills them. nil means
	// the interrupts and terminations of this process, which Spawn catches while it runs.
	Signals <-chan os.Signal
}

// DefaultGrace is the value of a SpawnConfig's Grace when it is 0.
const DefaultGrace = 10 * time.Second

// Validate names the first field that cannot be, and its value.
func (c SpawnConfig) Validate() error {
	if c.N < 1 {
		return fmt.Errorf("launch: SpawnConfig: N = %d: at least 1 process", c.N)
	}
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return fmt.Errorf("launch: SpawnConfig: Argv = %q: no program", c.Argv)
	}
	if c.Grace < 0 {
		return fmt.Errorf("launch: SpawnConfig: Grace = %v: a duration ≥ 0", c.Grace)
	}
	return nil
}

// Spawn starts N processes of one program on this host, each told by its environment (see rendezvous.Find) who it is,
// where the store is that Spawn runs for them, and a secret that only they share; Open in each of them then joins them.
// It returns when all have ended.
//
// When one fails, the others are asked to end, and after Grace killed; the error is an *ExitError for the first to fail,
// or for one ended by a signal at about that time, which is as a rule what made the others fail.
// A cancelled ctx ends the ranks in the same way, with an error that wraps its cause. Signals are passed on to the ranks;
// if these then end well, so does Spawn. No process outlives Spawn: what a rank leaves running of its own in its process
// group is killed, and on Linux the ranks are killed even if Spawn's process is. On Windows there is no gentle request:
// an interrupt reaches the ranks from the console, everything else kills.
func Spawn(ctx context.Context, c SpawnConfig) error {
	if err := c.Validate(); err != nil {
		return err
	}
	path, err := exec.LookPath(c.Argv[0])
	if err != nil {
		return fmt.Errorf("launch: program: %w", err)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	store, err := rendezvous.Serve("127.0.0.1:0", secret)
	if err != nil {
		return err
	}
	defer store.Close()

	signals := c.Signals
	if signals == nil {
		own := make(chan os.Signal, 2)
		signal.Notify(own, os.Interrupt, syscall.SIGTERM)
		defer signal.Stop(own)
		signals = own
	}

	// Linux kills a child when the thread that started it ends, so that thread has to last as long as Spawn.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	env := c.environ(store.Addr(), secret)
	j := &job{grace: c.Grace, exits: make(chan exit, c.N)}
	if j.grace == 0 {
		j.grace = DefaultGrace
	}
	out, errOut := c.streams()
	for rank := range c.N {
		cmd := exec.Command(path, c.Argv[1:]...)
		cmd.Args[0] = c.Argv[0]
		cmd.Dir = c.Dir
		cmd.Env = append(env[:len(env):len(env)],
			fmt.Sprintf("%s=%d", rendezvous.EnvRank, rank),
			fmt.Sprintf("%s=%d", rendezvous.EnvLocalRank, rank))
		if c.Rank0Raw && rank == 0 {
			cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
			err = j.start(cmd)
		} else {
			err = j.start(cmd, prefixed(&cmd.Stdout, out, rank, c.N), prefixed(&cmd.Stderr, errOut, rank, c.N))
		}
		if err != nil {
			j.first = fmt.Errorf("launch: rank %d of %d: %w", rank, c.N, err)
			j.signal(os.Kill)
			break
		}
	}
	return j.wait(ctx, signals)
}

// environ is what all ranks find in their environment.
func (c SpawnConfig) environ(store string, secret []byte) []string {
	from := c.Env
	if from == nil {
		from = os.Environ()
	}
	var env []string
	threads := true
	for _, kv := range from {
		if strings.HasPrefix(kv, "TUTTI_RANK=") || strings.HasPrefix(kv, "TUTTI_LOCAL_RANK=") {
			continue // of an outer launch
		}
		threads = threads && !strings.HasPrefix(kv, "GOMAXPROCS=")
		env = append(env, kv)
	}
	if threads {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", max(1, runtime.NumCPU()/c.N)))
	}
	name := make([]byte, 8)
	rand.Read(name)
	return append(env, // the last of equal names counts
		fmt.Sprintf("%s=%d", rendezvous.EnvSize, c.N),
		rendezvous.EnvStore+"="+store,
		rendezvous.EnvSecret+"="+hex.EncodeToString(secret),
		rendezvous.EnvJob+"="+hex.EncodeToString(name))
}

// streams returns the shared destinations of the ranks' output; one, if Stdout and Stderr are one.
func (c SpawnConfig) streams() (out, err *stream) {
	if c.Stdout != nil {
		out = &stream{w: c.Stdout}
	}
	switch {
	case c.Stderr == nil:
	case c.Stderr == c.Stdout:
		err = out
	default:
		err = &stream{w: c.Stderr}
	}
	return out, err
}

// prefixed sets *w to a prefixer on s, and returns it; without s, the output is discarded.
func prefixed(w *io.Writer, s *stream, rank, size int) *prefixer {
	if s == nil {
		return nil
	}
	p := newPrefixer(s, rank, size)
	*w = p
	return p
}
