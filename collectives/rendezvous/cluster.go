package rendezvous

// What cluster managers say about where the ranks of a job are.

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// slurm finds the host of rank 0, the first of the step's, where a step has several. The port follows from the numbers
// of job and step, so that two steps on a host do not meet: 20000 + (job + 131 · step) modulo 10000, which differs for
// the first 76 steps of 131 jobs in a row. Each task of an array has its own job's number; the components of a
// heterogeneous step have the first one's, and one step's number.
func (s *Spec) slurm(getenv func(string) string) error {
	nodes, err := number(getenv, "SLURM_STEP_NUM_NODES", 1, MaxSize)
	if getenv("SLURM_STEP_NUM_NODES") == "" {
		return nil // nothing is known
	}
	if err != nil {
		return err
	}
	if nodes == 1 {
		s.LocalSize = s.Size
		return nil
	}
	first := firstHost(getenv("SLURM_STEP_NODELIST"))
	if first == "" {
		return fmt.Errorf("SLURM_STEP_NODELIST=%q names no host", getenv("SLURM_STEP_NODELIST"))
	}
	id, err := strconv.ParseUint(getenv("SLURM_JOB_ID"), 10, 64)
	if err != nil {
		return fmt.Errorf("SLURM_JOB_ID=%q is not a number", getenv("SLURM_JOB_ID"))
	}
	step, err := strconv.ParseUint(getenv("SLURM_STEP_ID"), 10, 64)
	if err != nil {
		return fmt.Errorf("SLURM_STEP_ID=%q is not a number", getenv("SLURM_STEP_ID"))
	}
	port := 20000 + (id%10000+131*(step%10000))%10000
	s.StoreAddr, s.Serve = net.JoinHostPort(first, strconv.FormatUint(port, 10)), true
	return nil
}

// firstHost returns the first host of a Slurm list such as "rack1-[03-07,9],login": rack1-03.
func firstHost(list string) string {
	open := strings.IndexAny(list, "[,")
	if open < 0 {
		return list
	}
	if list[open] == ',' {
		return list[:open]
	}
	ranges, after, closed := strings.Cut(list[open+1:], "]")
	first := ranges
	if end := strings.IndexAny(ranges, "-,"); end >= 0 {
		first = ranges[:end]
	}
	rest, _, _ := strings.Cut(after, ",") // after the bracket, as in "n[1-2]-ib"
	if !closed || first == "" || strings.Trim(first, "0123456789") != "" || strings.Contains(rest, "[") {
		return "" // nobody names hosts like that
	}
	return list[:open] + first + rest
}

// pet completes what Kubeflow's trainer says of nodes by what it says of processes on each.
func (s *Spec) pet(getenv func(string) string) error {
	each := 1
	if v := getenv("PET_NPROC_PER_NODE"); v != "" && v != "auto" && v != "cpu" && v != "gpu" {
		var err error
		if each, err = number(getenv, "PET_NPROC_PER_NODE", 1, MaxSize/s.Size); err != nil {
			return err
		}
	}
	s.LocalRank, s.LocalSize = 0, each
	if each > 1 {
		var err error
		if s.LocalRank, err = number(getenv, "LOCAL_RANK", 0, each-1); err != nil {
			return fmt.Errorf("PET_NPROC_PER_NODE=%d, so that each process needs a LOCAL_RANK: %w", each, err)
		}
		s.Rank, s.Size = s.Rank*each+s.LocalRank, s.Size*each
	}
	return s.master(getenv, "PET_MASTER_ADDR", "PET_MASTER_PORT", "PET_NNODES")
}

// kubernetes finds the pod of index 0 of an Indexed Job. Pods are named after the job and their index, and a headless
// service (TUTTI_SERVICE, the job's subdomain) makes the names known: pod "train-3" finds rank 0 at "train-0.service".
// The number of pods is in no variable of Kubernetes' own: set TUTTI_SIZE to the job's completions.
func (s *Spec) kubernetes(getenv func(string) string) error {
	s.LocalRank, s.LocalSize = 0, 1 // a pod is a host
	if s.Size == 1 || getenv(EnvStore)+getenv(EnvStoreDir) != "" {
		return nil
	}
	host, service := getenv("HOSTNAME"), getenv(EnvService)
	if service == "" {
		return fmt.Errorf("neither %s, the headless service of the job, nor %s is set, but %s=%d", EnvService, EnvStore, EnvSize, s.Size)
	}
	job, ok := strings.CutSuffix(host, "-"+getenv("JOB_COMPLETION_INDEX"))
	if !ok || job == "" {
		return fmt.Errorf("HOSTNAME=%q does not end in -%s: set %s to host:port of the pod with index 0", host, getenv("JOB_COMPLETION_INDEX"), EnvStore)
	}
	s.StoreAddr, s.Serve = net.JoinHostPort(job+"-0."+service, strconv.Itoa(DefaultPort)), true
	return nil
}
