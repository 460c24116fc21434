package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/bench"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/collectives/rendezvous"
)

// benchCollectivesCommand measures collective operations. Without a launcher it starts the ranks itself, as processes
// that run this same command, which then finds a launcher's environment and is a rank.
func benchCollectivesCommand() *cobra.Command {
	var jobs bench.CollectiveJobs
	var algorithms, ranks []string
	var first, last byteSize = 4 << 10, 64 << 20
	var factor int
	cmd := &cobra.Command{
		Use:   "collectives",
		Short: "Collective operations: time, bandwidth and wrong elements, across transports, algorithms and ranks",
		Long: `Collectives measures in the conventions of nccl-tests and the OSU micro-benchmarks: the size of one rank's buffer in
bytes, the median time of a call in microseconds, the algorithm bandwidth (size / time) and the bus bandwidth (what each
rank must send at the least / time) in GB/s, and the number of elements with a wrong result.

By itself it starts the ranks as processes of this machine, one job for each transport, algorithm and number of ranks:

	tutti bench collectives --ranks 2,4 --transport tcp,unix,shm --algorithm ring,shuffle
	tutti bench collectives --transport raw,tcp,shm --min-bytes 64M --max-bytes 256M --peer --rounds 5

--peer adds MPI_Allreduce called from C, "raw" two processes that only exchange bytes over loopback TCP; --rounds runs
all of them by turns and shows medians. Started by a launcher it is one rank of one job, on any number of hosts:

	tutti launch -n 4 -- tutti bench collectives --algorithm ring
	mpirun -n 4 --bind-to none tutti bench collectives --transport mpi`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if jobs.Algorithms, err = parseAlgorithms(algorithms); err != nil {
				return usageError{err}
			}
			for _, r := range ranks {
				n, err := strconv.Atoi(r)
				if err != nil || n < 1 {
					return usageError{fmt.Errorf("--ranks %s: want whole numbers from 1", r)}
				}
				jobs.Ranks = append(jobs.Ranks, n)
			}
			if factor < 2 {
				return usageError{fmt.Errorf("--step-factor %d: at least 2", factor)}
			}
			if jobs.Sizes = sizes(int(first), int(last), factor); len(jobs.Sizes) == 0 {
				return usageError{fmt.Errorf("--min-bytes %v is above --max-bytes %v", first, last)}
			}
			if available, ok := availableMemory(); ok && 2*float64(last) > available {
				return usageError{fmt.Errorf("--max-bytes %v takes %.1f GB a rank, and %.1f GB are available", last, 2*float64(last)/1e9, available/1e9)}
			}
			if err := jobs.Validate(); err != nil {
				return usageError{err}
			}
			spec, err := rendezvous.Find(os.Getenv)
			if err != nil {
				return err
			}
			if spec.Source != rendezvous.SourceNone {
				if len(jobs.Transports) != 1 || len(jobs.Algorithms) != 1 {
					return usageError{fmt.Errorf("one transport and one algorithm, as %s has started the ranks", spec.Source)}
				}
				return bench.RankOfCollectiveJob(cmd.Context(), cmd.OutOrStdout(), jobs.Transports[0], jobs.Algorithms[0], jobs.CollectiveCase, jobs.JSON)
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			jobs.Self = func(transport, algorithm string, c bench.CollectiveCase) []string {
				return []string{self, "bench", "collectives", "--json", "--op", c.Op, "--transport", transport, "--algorithm", algorithm,
					"--budget", c.Budget.String(), "-b", fmt.Sprint(c.Sizes[0]), "-e", fmt.Sprint(c.Sizes[len(c.Sizes)-1]), "-f", fmt.Sprint(factor)}
			}
			return jobs.Run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&jobs.Op, "op", "all_reduce", "operation: "+strings.Join(bench.CollectiveOps(), ", "))
	f.StringSliceVar(&jobs.Transports, "transport", []string{launch.Auto}, "transports: "+strings.Join(append(launch.Transports(), bench.Raw), ", "))
	f.StringSliceVar(&algorithms, "algorithm", []string{"auto"}, fmt.Sprintf("algorithms: %v", collectives.Algorithms()))
	f.StringSliceVarP(&ranks, "ranks", "n", []string{"2"}, "numbers of ranks")
	f.VarP(&first, "min-bytes", "b", "first size")
	f.VarP(&last, "max-bytes", "e", "largest size")
	f.IntVarP(&factor, "step-factor", "f", 4, "from one size to the next")
	durationVar(f, &jobs.Budget, "budget", 500*time.Millisecond, "time to spend on each size")
	countVar(f, &jobs.Rounds, "rounds", 1, "how often to run each job, alternating with the others")
	f.BoolVar(&jobs.Peer, "peer", false, "measure MPI_Allreduce from C beside them; needs mpicc and mpirun")
	f.BoolVar(&jobs.JSON, "json", false, "print one JSON object a row")
	return cmd
}

// sizes lists first, first·factor, … up to last; after 0 comes the first that is not empty, one element of 4 bytes.
func sizes(first, last, factor int) (list []int) {
	for s := first; s <= last; {
		list = append(list, s)
		switch {
		case s == 0:
			s = 4
		case s > last/factor: // the next could overflow
			return list
		default:
			s *= factor
		}
	}
	return list
}

func parseAlgorithms(names []string) (as []collectives.Algorithm, err error) {
	for _, name := range names {
		a, err := collectives.ParseAlgorithm(name)
		if err != nil {
			return nil, err
		}
		as = append(as, a)
	}
	return as, nil
}

// byteSize is a flag such as 4096, 4K, 16M or 1G; the letters count in powers of 1024.
type byteSize int

func (b byteSize) String() string {
	for i, unit := range []string{"G", "M", "K"} {
		if one := byteSize(1) << (30 - 10*i); b >= one && b%one == 0 {
			return fmt.Sprint(int(b/one)) + unit
		}
	}
	return fmt.Sprint(int(b))
}

func (b *byteSize) Set(s string) error {
	digits := strings.TrimRight(strings.ToUpper(s), "KMGIB")
	shift, ok := map[string]int{"": 0, "K": 10, "M": 20, "G": 30}[strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(s)[len(digits):], "B"), "I")]
	n, err := strconv.Atoi(digits)
	if err != nil || !ok || n < 0 || n > math.MaxInt>>shift {
		return fmt.Errorf("%q: want a number of bytes, as 4096, 4K, 16M or 1G", s)
	}
	*b = byteSize(n << shift)
	return nil
}

func (*byteSize) Type() string { return "bytes" }
