package launch

// Ranks as processes: start them, prefix what they print, pass signals on, and leave none behind.

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
	"slices"
	"strings"
	"time"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// SpawnConfig says what Spawn starts. Only N and Argv are required.
type SpawnConfig struct {
	// N is the number of processes, at least 1; 0 means as many as Hosts have slots.
	N int

	// Hosts are where they run, in the order of the ranks. None means this host. On another host a rank is started by
	// SSH, in the directory of the same name; its variables go through ssh's standard input, never on a command line.
	Hosts []Host

	// SSH is the command that runs another on a host: the host and one string for a shell are added. nil means
	// "ssh -o BatchMode=yes".
	SSH []string

	// Address is the name or address at which the Hosts reach this one, where the store listens. An address that is not
	// this host's own, of a router for example, and a name make it listen on all interfaces. "" means loopback if all
	// hosts are this one, otherwise this host's first address that is neither loopback nor link-local.
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

	// Rank0Raw passes rank 0's output on as it is, without a prefix; and hands it Stdout or Stderr itself where that is
	// a terminal, on which a progress bar moves. The other ranks' lines come between.
	Rank0Raw bool

	// Grace is how long the ranks may take to end after they were asked to (by SIGTERM, or a signal passed on) before
	// they are killed. 0 means DefaultGrace, enough to write a checkpoint; a negative one is none.
	Grace time.Duration

	// KeepGoing leaves the others running when a rank fails, as survivors that launch.Reopen their group want it. Each
	// failure is told by a line on Stderr at once. Ranks that a signal has ended, or whose ssh lost its host, count as lost:
	// they are an error of Spawn only if no rank ends well. The first that exits with another code by itself is always one.
	KeepGoing bool

	// Signals gives the signals to pass on to the ranks. The first asks them to end, a hangup as SIGTERM; a second
	// interrupt kills them; others add nothing. nil means the StopSignals of this process, which Spawn catches while it
	// runs.
	Signals <-chan os.Signal
}

// DefaultGrace is the value of a SpawnConfig's Grace when it is 0.
const DefaultGrace = 10 * time.Second

// Validate names the first field that cannot be, and its value.
func (c SpawnConfig) Validate() error {
	if err := checkHosts(c.Hosts); err != nil {
		return fmt.Errorf("launch: SpawnConfig: Hosts: %w", err)
	}
	if len(c.Hosts) > 0 && c.N > c.slots() {
		return fmt.Errorf("launch: SpawnConfig: N = %d: the hosts have %d slots", c.N, c.slots())
	}
	if c.N < 0 || c.N == 0 && len(c.Hosts) == 0 {
		return fmt.Errorf("launch: SpawnConfig: N = %d: at least 1 process", c.N)
	}
	if n := max(c.N, c.slots()); n > rendezvous.MaxSize {
		return fmt.Errorf("launch: SpawnConfig: N = %d: at most %d processes", n, rendezvous.MaxSize)
	}
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return fmt.Errorf("launch: SpawnConfig: Argv = %q: no program", c.Argv)
	}
	for _, name := range c.Pass {
		if !isVariable(name) {
			return fmt.Errorf("launch: SpawnConfig: Pass: %q is no name of a variable", name)
		}
	}
	if c.Address != "" {
		return checkAddress(c.Address)
	}
	return nil
}

// isVariable says whether a shell can set a variable of this name.
func isVariable(name string) bool {
	for i, r := range name {
		if r != '_' && (r|32 < 'a' || r|32 > 'z') && (r < '0' || r > '9' || i == 0) {
			return false
		}
	}
	return name != ""
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
// When one fails, the others are asked to end, and after Grace killed, unless c.KeepGoing. The error is an *ExitError
// for the one whose failure no other's has caused, as far as can be known: a rank whose group has lost another says so,
// and one ended by a signal goes before others that failed at about that time. A cancelled ctx ends the ranks in the
// same way, with an error that wraps its cause. Signals are passed on to the ranks; if these then end well, so does
// Spawn. That nobody reads Stdout or Stderr any more ends nothing: the ranks run on, unheard. Output that cannot be
// written for another reason, such as a full device, is an error in the end.
//
// No process outlives Spawn: what a rank leaves running of its own in its process group is killed, and so are the ranks
// and their groups if Spawn's process is killed, on other hosts too. On this host a shell sees to that; where there is
// no /bin/sh, Linux kills the ranks, but not what they have started. On Windows there is no gentle request: an
// interrupt reaches the ranks from the console, everything else kills; and they outlive a killed Spawn.
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
	store, addr, err := c.serve(secret)
	if err != nil {
		return err
	}
	defer store.Close()

	signals := c.Signals
	if signals == nil {
		own := make(chan os.Signal, 2)
		signal.Notify(own, StopSignals()...)
		defer signal.Stop(own)
		signals = own
	}
	defer unbroken()()

	// Linux kills a child when the thread that started it ends, so that thread has to last as long as Spawn.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	name := make([]byte, 8)
	rand.Read(name)
	j := newJob(c, &board{addr: store.Addr(), secret: secret, job: hex.EncodeToString(name)})
	defer j.close()
	env, vars := c.environ(addr, secret, j.board.job)
	for rank, at := range places {
		own := []string{
			fmt.Sprintf("%s=%d", rendezvous.EnvRank, rank),
			fmt.Sprintf("%s=%d", rendezvous.EnvLocalRank, at.localRank),
			fmt.Sprintf("%s=%d", rendezvous.EnvLocalSize, at.Slots),
		}
		if at.local() {
			cmd := exec.Command(path, c.Argv[1:]...)
			cmd.Args[0] = c.Argv[0]
			cmd.Dir = c.Dir
			cmd.Env = slices.Concat(env, vars, own)
			if !slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "GOMAXPROCS=") }) {
				cmd.Env = append(cmd.Env, fmt.Sprintf("GOMAXPROCS=%d", max(1, runtime.NumCPU()/at.Slots)))
			}
			err = j.start(cmd, nil)
		} else {
			cmd := c.remote(at)
			cmd.Env = env
			err = j.start(cmd, slices.Concat(c.passed(env), vars, own))
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
func (c SpawnConfig) environ(store string, secret []byte, name string) (env, vars []string) {
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
	return env, []string{ // the last of equal names counts
		fmt.Sprintf("%s=%d", rendezvous.EnvSize, c.N),
		rendezvous.EnvStore + "=" + store,
		rendezvous.EnvSecret + "=" + hex.EncodeToString(secret),
		rendezvous.EnvJob + "=" + name,
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
