package launch

// Ranks as processes: start them, prefix what they print, pass signals on, and leave none behind.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// SpawnConfig says what Spawn starts. Only N and Argv are required.
type SpawnConfig struct {
	// N is the number of processes, at least 1; 0 means as many as Hosts have slots.
	N int

	// Hosts are where they run, in the order of the ranks. None means this host. On another host a rank is started by
	// SSH, in the directory of the same name; the secret goes through ssh's standard input, never on a command line.
	Hosts []Host

	// SSH is the command that runs another on a host: the host and one string for a shell are added. nil means
	// "ssh -o BatchMode=yes".
	SSH []string

	// Address is the name or address at which the Hosts reach this one, where the store listens. "" means loopback if
	// all hosts are this one, otherwise this host's first address that is neither loopback nor link-local.
	Address string

	// Pass names variables of Env to set on other hosts too, where otherwise only the TUTTI_ variables are.
	Pass []string

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

	// KeepGoing leaves the others running when a rank fails, as survivors that launch.Reopen their group want it. Each
	// failure is told by a line on Stderr at once. Ranks that a signal has ended, or whose ssh lost its host, count as lost:
	// they are an error of Spawn only if no rank ends well. The first that exits with another code by itself is always one.
	KeepGoing bool

	// Signals gives the signals to pass on to the ranks: the first asks them to end, the second kills them. nil means
	// the interrupts and terminations of this process, which Spawn catches while it runs.
	Signals <-chan os.Signal
}

// DefaultGrace is the value of a SpawnConfig's Grace when it is 0.
const DefaultGrace = 10 * time.Second

// Validate names the first field that cannot be, and its value.
func (c SpawnConfig) Validate() error {
	if len(c.Hosts) > 0 && c.N > c.slots() {
		return fmt.Errorf("launch: SpawnConfig: N = %d: the hosts have %d slots", c.N, c.slots())
	}
	if c.N < 0 || c.N == 0 && len(c.Hosts) == 0 {
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

// slots is how many ranks the hosts take.
func (c SpawnConfig) slots() (n int) {
	for _, h := range c.Hosts {
		n += h.Slots
	}
	return n
}

// Spawn starts N processes of one program, on this host or c.Hosts, each told by its environment (see rendezvous.Find) who it is,
// where the store is that Spawn runs for them, and a secret that only they share; Open in each of them then joins them.
// It returns when all have ended.
//
// When one fails, the others are asked to end, and after Grace killed, unless c.KeepGoing; the error is an *ExitError for the first to fail,
// or for one ended by a signal at about that time, which is as a rule what made the others fail.
// A cancelled ctx ends the ranks in the same way, with an error that wraps its cause. Signals are passed on to the ranks;
// if these then end well, so does Spawn. No process outlives Spawn: what a rank leaves running of its own in its process
// group is killed, and on Linux the ranks are killed even if Spawn's process is. On Windows there is no gentle request:
// an interrupt reaches the ranks from the console, everything else kills.
func Spawn(ctx context.Context, c SpawnConfig) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.N == 0 {
		c.N = c.slots()
	}
	places := c.places()
	var path string
	if slices.ContainsFunc(places, func(p place) bool { return p.local() }) {
		var err error
		if path, err = exec.LookPath(c.Argv[0]); err != nil {
			return fmt.Errorf("launch: program: %w", err)
		}
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	store, err := rendezvous.Serve(net.JoinHostPort(c.storeHost(), "0"), secret)
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

	env, vars := c.environ(store.Addr(), secret)
	j := &job{grace: c.Grace, keepGoing: c.KeepGoing, exits: make(chan exit, c.N), inputs: make([]io.WriteCloser, c.N)}
	if j.grace == 0 {
		j.grace = DefaultGrace
	}
	out, errOut := c.streams()
	j.errOut = errOut
	for rank, at := range places {
		own := []string{
			fmt.Sprintf("%s=%d", rendezvous.EnvRank, rank),
			fmt.Sprintf("%s=%d", rendezvous.EnvLocalRank, at.localRank),
			fmt.Sprintf("%s=%d", rendezvous.EnvLocalSize, at.Slots),
		}
		var cmd *exec.Cmd
		if at.local() {
			cmd = exec.Command(path, c.Argv[1:]...)
			cmd.Args[0] = c.Argv[0]
			cmd.Dir = c.Dir
			cmd.Env = slices.Concat(env, vars, own)
			if !slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "GOMAXPROCS=") }) {
				cmd.Env = append(cmd.Env, fmt.Sprintf("GOMAXPROCS=%d", max(1, runtime.NumCPU()/at.Slots)))
			}
		} else {
			cmd = c.remote(at, slices.Concat(c.passed(env), vars, own))
			cmd.Env = env
			in, err := cmd.StdinPipe()
			if err != nil {
				return err
			}
			j.inputs[rank] = in
			go fmt.Fprintln(in, hex.EncodeToString(secret)) // an ssh that does not read fails otherwise
		}
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

// environ is what all ranks find in their environment: Env, and the variables of the job.
func (c SpawnConfig) environ(store string, secret []byte) (env, vars []string) {
	from := c.Env
	if from == nil {
		from = os.Environ()
	}
	for _, kv := range from {
		if strings.HasPrefix(kv, "TUTTI_RANK=") || strings.HasPrefix(kv, "TUTTI_LOCAL_") {
			continue // of an outer launch
		}
		env = append(env, kv)
	}
	name := make([]byte, 8)
	rand.Read(name)
	return env, []string{ // the last of equal names counts
		fmt.Sprintf("%s=%d", rendezvous.EnvSize, c.N),
		rendezvous.EnvStore + "=" + store,
		rendezvous.EnvSecret + "=" + hex.EncodeToString(secret),
		rendezvous.EnvJob + "=" + hex.EncodeToString(name),
	}
}

// passed returns those variables of env that Pass names.
func (c SpawnConfig) passed(env []string) (some []string) {
	for _, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); slices.Contains(c.Pass, name) {
			some = append(some, kv)
		}
	}
	return some
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
