// Jobs that measure collective operations: the ranks over each transport with each algorithm, and beside them, by turns,
// what they are compared with: MPI_Allreduce called from C, and a raw exchange of bytes, which no transport can beat.

package bench

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
)

// Raw is the name, among the transports to measure, of two processes that exchange bytes over loopback TCP, both ways at
// once, with nothing around them: no frames, no checksums, no sums.
const Raw = "raw"

// CollectiveJobs says which jobs measure what.
type CollectiveJobs struct {
	CollectiveCase
	Ranks      []int    // numbers of ranks
	Transports []string // of package launch, or Raw, which has two ranks
	Algorithms []collectives.Algorithm
	Peer       bool // also MPI_Allreduce from C, over TCP and over shared memory, if mpicc and mpirun are there
	Rounds     int  // every job is run so often, by turns; the rows are medians. 0 means 1
	JSON       bool // one object a line instead of a table

	// Self is the command line that runs RankOfCollectiveJob with the transport, algorithm and case of a job.
	Self func(transport, algorithm string, c CollectiveCase) []string
}

// collectiveJob is one of them; run hands its rows to emit.
type collectiveJob struct {
	name  string
	ranks int
	run   func(ctx context.Context, emit func(CollectiveRow) error) error
}

// Run runs the jobs and writes the rows to w.
func (c CollectiveJobs) Run(ctx context.Context, w io.Writer) error {
	if err := c.Validate(); err != nil {
		return err
	}
	jobs, err := c.jobs()
	if err != nil {
		return err
	}
	if c.Peer {
		dir, err := os.MkdirTemp("", "tutti-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		peers, err := c.peers(ctx, dir)
		if err != nil {
			return err
		}
		jobs = append(jobs, peers...)
	}
	rows := make([][]CollectiveRow, len(jobs)) // of all rounds
	for range max(1, c.Rounds) {
		for i, j := range jobs {
			err := j.run(ctx, func(r CollectiveRow) error {
				r.Job = j.name
				rows[i] = append(rows[i], r)
				return nil
			})
			if err != nil {
				return fmt.Errorf("bench: %s, %d ranks: %w", j.name, j.ranks, err)
			}
		}
	}
	if !c.JSON {
		WriteCollectiveHeader(w)
	}
	for _, size := range c.Sizes {
		for i := range jobs {
			if r, ok := medianRow(rows[i], size); ok {
				if err := c.write(w, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c CollectiveJobs) write(w io.Writer, r CollectiveRow) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(r)
	}
	return r.Write(w)
}

// medianRow returns the row of a size whose time is the median of the rounds, with the most wrong elements of any.
func medianRow(rows []CollectiveRow, size int) (r CollectiveRow, ok bool) {
	var of []CollectiveRow
	wrong := 0
	for _, r := range rows {
		if r.Bytes == size {
			of = append(of, r)
			wrong = max(wrong, r.Wrong)
		}
	}
	if len(of) == 0 {
		return r, false
	}
	slices.SortFunc(of, func(a, b CollectiveRow) int { return int(1000 * (a.Time - b.Time)) })
	r = of[len(of)/2]
	r.Wrong = wrong
	r.setTime(r.Time)
	return r, true
}

func (c CollectiveJobs) jobs() (jobs []collectiveJob, err error) {
	for _, n := range c.Ranks {
		for _, t := range c.Transports {
			if t == Raw {
				jobs = append(jobs, collectiveJob{"raw exchange tcp", 2, c.spawned(2, Raw, "auto")})
				continue
			}
			for _, a := range c.Algorithms {
				j := collectiveJob{name: t + " " + a.String(), ranks: n}
				switch t {
				case launch.InProc:
					j.run = c.inproc(n, j.name, a)
				case launch.MPI:
					j.run = c.underMPIRun(n, c.Self(t, a.String(), c.CollectiveCase))
				default:
					j.run = c.spawned(n, t, a.String())
				}
				jobs = append(jobs, j)
			}
		}
	}
	return jobs, nil
}

func (c CollectiveJobs) inproc(n int, name string, a collectives.Algorithm) func(context.Context, func(CollectiveRow) error) error {
	return func(ctx context.Context, emit func(CollectiveRow) error) error {
		return launch.Local(ctx, n, collectives.Config{Algorithm: a}, func(ctx context.Context, g *collectives.Group) error {
			return MeasureCollective(ctx, g, name, c.CollectiveCase, emit)
		})
	}
}

// spawned runs n processes and reads what rank 0 prints.
func (c CollectiveJobs) spawned(n int, transport, algorithm string) func(context.Context, func(CollectiveRow) error) error {
	return func(ctx context.Context, emit func(CollectiveRow) error) error {
		var out, errs bytes.Buffer
		err := launch.Spawn(ctx, launch.SpawnConfig{N: n, Argv: c.Self(transport, algorithm, c.CollectiveCase),
			Stdout: &out, Stderr: &errs, Rank0Raw: true})
		if err != nil {
			return fmt.Errorf("%w: %s", err, errs.Bytes())
		}
		return readRows(&out, emit)
	}
}

func (c CollectiveJobs) underMPIRun(n int, argv []string, options ...string) func(context.Context, func(CollectiveRow) error) error {
	return func(ctx context.Context, emit func(CollectiveRow) error) error {
		args := append([]string{"-n", strconv.Itoa(n)}, options...)
		cmd := exec.CommandContext(ctx, "mpirun", append(args, argv...)...)
		cmd.Env = os.Environ()
		if openMPI() {
			cmd.Args = slices.Insert(cmd.Args, 1, "--bind-to", "none", "--oversubscribe")
			if os.Geteuid() == 0 { // it asks root to be sure
				cmd.Env = append(cmd.Env, "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
			}
		}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		cmd.WaitDelay = time.Second
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%v: %w: %s", cmd.Args, err, errs.Bytes())
		}
		return readRows(&out, emit)
	}
}

func openMPI() bool {
	out, err := exec.Command("mpirun", "--version").Output()
	return err == nil && bytes.Contains(out, []byte("Open MPI"))
}

func readRows(r io.Reader, emit func(CollectiveRow) error) error {
	for s := bufio.NewScanner(r); s.Scan(); {
		var row CollectiveRow
		if err := json.Unmarshal(s.Bytes(), &row); err != nil {
			return fmt.Errorf("a rank says %q: %w", s.Text(), err)
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

//go:embed peers/mpi/allreduce.c
var allreduceC []byte

// peers builds the C program in dir. It knows one operation.
func (c CollectiveJobs) peers(ctx context.Context, dir string) (jobs []collectiveJob, err error) {
	if c.Op != "all_reduce" {
		return nil, fmt.Errorf("bench: the peer in C knows all_reduce alone, not %s", c.Op)
	}
	source, program := filepath.Join(dir, "allreduce.c"), filepath.Join(dir, "allreduce")
	if err := os.WriteFile(source, allreduceC, 0o600); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "mpicc", "-O2", "-o", program, source).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("bench: mpicc: %w: %s", err, out)
	}
	argv := []string{program, fmt.Sprint(c.Budget.Seconds())}
	for _, s := range c.Sizes {
		argv = append(argv, strconv.Itoa(s))
	}
	for _, n := range c.Ranks {
		if !openMPI() {
			jobs = append(jobs, collectiveJob{"MPI from C", n, c.underMPIRun(n, argv)})
			continue
		}
		jobs = append(jobs,
			collectiveJob{"Open MPI from C, tcp", n, c.underMPIRun(n, argv, "--mca", "btl", "self,tcp")},
			collectiveJob{"Open MPI from C, shm", n, c.underMPIRun(n, argv, "--mca", "btl", "self,vader")})
	}
	return jobs, nil
}

// RankOfCollectiveJob measures c as one rank of the job that the environment tells of; rank 0 writes to w.
func RankOfCollectiveJob(ctx context.Context, w io.Writer, transport string, a collectives.Algorithm, c CollectiveCase, asJSON bool) error {
	if err := c.Validate(); err != nil {
		return err
	}
	out := CollectiveJobs{JSON: asJSON}
	emit := func(r CollectiveRow) error { return out.write(w, r) }
	if transport == Raw {
		return rawExchange(ctx, c, emit)
	}
	g, err := launch.Open(ctx, launch.Config{Transport: transport, Group: collectives.Config{Algorithm: a}})
	if err != nil {
		return err
	}
	if g.Rank() == 0 && !asJSON {
		WriteCollectiveHeader(w)
	}
	err = MeasureCollective(ctx, g, transport+" "+a.String(), c, emit)
	if cerr := g.Close(); err == nil {
		err = cerr
	}
	return err
}
