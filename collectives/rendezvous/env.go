package rendezvous

// Who am I: the rank and the size of the job from the environment, one row of a table for each launcher.

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// The environment variables `tutti launch` sets for every process it starts.
const (
	EnvRank      = "TUTTI_RANK"       // the process's rank, from 0
	EnvSize      = "TUTTI_SIZE"       // the number of ranks
	EnvLocalRank = "TUTTI_LOCAL_RANK" // the rank among those of this host, from 0
	EnvLocalSize = "TUTTI_LOCAL_SIZE" // the number of ranks on this host; all of them, if it is not set
	EnvStore     = "TUTTI_STORE"      // host:port of the store the ranks meet at
	EnvSecret    = "TUTTI_SECRET"     // the job's secret, hexadecimal, 32 digits or more
	EnvJob       = "TUTTI_JOB"        // a name that no other job has; it goes before that of any other launcher
)

// Environment variables a user sets where a launcher does not say where the ranks meet, or who shares a secret.
const (
	// EnvStoreDir is a directory on a file system that all ranks share: they meet in it. EnvStore does for any launcher
	// too: rank 0 then serves the store at that address.
	EnvStoreDir = "TUTTI_STORE_DIR"
	// EnvSecretFile is a file with the secret, in hexadecimal, which is not then in the environment. On Unix it must
	// belong to this user or to root, and nobody else may write to it. That others read it is for its owner to decide:
	// clusters mount secrets so into containers.
	EnvSecretFile = "TUTTI_SECRET_FILE"
	// EnvService is the headless service of a Kubernetes Indexed Job, through which its pods know each other by name.
	EnvService = "TUTTI_SERVICE"
)

// DefaultPort is where rank 0 serves the store if a launcher names a host but no port.
const DefaultPort = 29400

// MinSecret is the length in bytes a job's secret must have at least.
const MinSecret = 16

// Launchers as Spec.Source names them.
const (
	SourceNone    = "none" // no launcher: a group of one
	SourceTutti   = "tutti launch"
	SourceTorch   = "torchrun"
	SourceOpenMPI = "Open MPI"
	SourcePMI     = "MPICH/PMI"
	SourceSlurm   = "Slurm"
	SourcePET     = "Kubeflow (PET)"
	SourceK8s     = "Kubernetes Indexed Job"
)

// Spec says who this process is in its job.
type Spec struct {
	Rank      int    // from 0
	Size      int    // at least 1
	LocalRank int    // the rank among those of this host; −1 where the launcher does not say
	LocalSize int    // the number of ranks on this host; −1 where the launcher does not say
	Source    string // which launcher said so: one of the Source constants
	StoreAddr string // host:port of the TCP store, "" where the launcher gives none
	StoreDir  string // the directory in which the ranks meet where there is no StoreAddr; "": one of this host
	Secret    []byte // the job's secret, nil where the environment carries none
	Job       string // what tells this job from another on the host, "" where the launcher does not say: the store does

	// Serve says that rank 0 must run the store at StoreAddr itself (torchrun style); otherwise it runs already.
	Serve bool
}

// MPI reports whether an MPI launcher started this process, so that MPI, if built in, will find the other ranks.
// Slurm counts: srun is the launcher of the MPI installations that are made for it.
func (s Spec) MPI() bool {
	return s.Source == SourceOpenMPI || s.Source == SourcePMI || s.Source == SourceSlurm
}

// launcher is a row of the table: the variables in which one launcher says who a process is.
type launcher struct {
	source           string
	mark             string // its presence means that this launcher started us
	rank, size       string
	local, localSize string // "" if there is none
	job              string // names the job, "" if none does
}

// launchers in order of precedence. What says most about the job comes first; Slurm comes last because an allocation's
// variables are also there for what mpirun starts inside it. SLURM_PROCID alone means a batch script, not a step.
var launchers = []launcher{
	{SourceTutti, EnvRank, EnvRank, EnvSize, EnvLocalRank, EnvLocalSize, EnvJob},
	{SourceTorch, "WORLD_SIZE", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", ""},
	{SourceOpenMPI, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
		"OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMIX_NAMESPACE"},
	{SourcePMI, "PMI_SIZE", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS", "PMI_JOBID"},
	{SourceSlurm, "SLURM_STEP_ID", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "", "SLURM_JOB_ID"},
	{SourcePET, "PET_NNODES", "PET_NODE_RANK", "PET_NNODES", "", "", ""},
	{SourceK8s, "JOB_COMPLETION_INDEX", "JOB_COMPLETION_INDEX", EnvSize, "", "", ""},
}

// Marks lists the variables Find looks for, in order of precedence: what an error message tells a user who expected
// several ranks and got one.
func Marks() []string {
	marks := make([]string, len(launchers))
	for i, l := range launchers {
		marks[i] = l.mark
	}
	return marks
}

// Find reads who this process is from the environment: the first launcher of the table whose mark is set. Without any it
// is a group of one, with Source SourceNone. getenv is os.Getenv, or a test's.
//
// It returns an error naming the variable and its value where one is missing, not a number or out of range.
func Find(getenv func(string) string) (Spec, error) {
	for _, l := range launchers {
		if getenv(l.mark) == "" {
			continue
		}
		s, err := l.read(getenv)
		if err != nil {
			return Spec{}, fmt.Errorf("rendezvous: environment of %s: %w", l.source, err)
		}
		return s, nil
	}
	return Spec{Size: 1, LocalSize: 1, Source: SourceNone}, nil
}

func (l launcher) read(getenv func(string) string) (s Spec, err error) {
	s = Spec{Source: l.source, LocalRank: -1, LocalSize: -1}
	if s.Size, err = number(getenv, l.size, 1, MaxSize); err != nil {
		return s, err
	}
	if s.Rank, err = number(getenv, l.rank, 0, MaxSize); err != nil {
		return s, err
	}
	if s.Rank >= s.Size {
		return s, fmt.Errorf("%s=%d, but %s=%d: a rank is below the size", l.rank, s.Rank, l.size, s.Size)
	}
	if l.local != "" && getenv(l.local) != "" {
		if s.LocalRank, err = number(getenv, l.local, 0, s.Size-1); err != nil {
			return s, err
		}
	}
	if l.localSize != "" && getenv(l.localSize) != "" {
		if s.LocalSize, err = number(getenv, l.localSize, 1, s.Size); err != nil {
			return s, err
		}
	}
	if l.job != "" {
		s.Job = getenv(l.job)
	}
	if s.Job != "" && l.source == SourceSlurm {
		s.Job += "." + getenv("SLURM_STEP_ID")
	}
	if s.Secret, err = secret(getenv); err != nil {
		return s, err
	}
	switch l.source {
	case SourceTutti:
		if s.LocalSize < 0 {
			s.LocalSize = s.Size
		}
		s.StoreAddr = getenv(EnvStore)
		if err := hostPort(EnvStore, s.StoreAddr); err != nil && s.Size > 1 {
			return s, err
		}
		return s, nil
	case SourceTorch:
		err = s.master(getenv, "MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE")
	case SourceSlurm:
		err = s.slurm(getenv)
	case SourcePET:
		err = s.pet(getenv)
	case SourceK8s:
		err = s.kubernetes(getenv)
	}
	if err != nil {
		return s, err
	}
	return s, s.chosen(getenv, l)
}

// chosen applies what the user says about where to meet, which comes before what follows from the launcher.
func (s *Spec) chosen(getenv func(string) string, l launcher) error {
	if job := getenv(EnvJob); job != "" {
		s.Job = job
	}
	s.StoreDir = getenv(EnvStoreDir)
	if s.StoreDir != "" {
		if _, port, err := net.SplitHostPort(s.StoreAddr); err == nil && s.Job == "" {
			s.Job = "port " + port // the ranks may know the host by different names
		}
		s.StoreAddr, s.Serve = "", false
	}
	if at := getenv(EnvStore); at != "" {
		if err := hostPort(EnvStore, at); err != nil {
			return err
		}
		s.StoreAddr, s.Serve, s.StoreDir = at, true, ""
	}
	if s.Job == "" && s.StoreAddr == "" && s.LocalSize == s.Size {
		s.Job = starter(l.rank + "=" + getenv(l.rank))
	}
	return nil
}

// Elsewhere says what to set where rank 0 cannot serve the store at StoreAddr.
func (s Spec) Elsewhere() string {
	port := ""
	switch s.Source {
	case SourceTorch:
		port = "MASTER_PORT to a free port, or "
	case SourcePET:
		port = "PET_MASTER_PORT to a free port, or "
	}
	return fmt.Sprintf("if another job is there, set %s%s to another host:port of rank 0, the same on every rank",
		port, EnvStore)
}

// MaxSize bounds the number of ranks a launcher may claim; beyond it a value is taken for a mistake.
const MaxSize = 1 << 20

// master fills in the address at which torchrun-style jobs meet, from the variables that give it. One rank needs none.
func (s *Spec) master(getenv func(string) string, addr, portVar, size string) error {
	host, port := getenv(addr), getenv(portVar)
	if host == "" && port == "" && (s.Size == 1 || getenv(EnvStore)+getenv(EnvStoreDir) != "") {
		return nil
	}
	if host == "" {
		return fmt.Errorf("%s is not set, but %s=%d", addr, size, s.Size)
	}
	host, err := hostOf(addr, host)
	if err != nil {
		return err
	}
	if _, err := number(getenv, portVar, 1, 65535); err != nil {
		return err
	}
	s.StoreAddr, s.Serve = net.JoinHostPort(host, port), true
	return nil
}

// number reads an environment variable that must be a decimal number in [lo, hi].
func number(getenv func(string) string, name string, lo, hi int) (int, error) {
	v := getenv(name)
	if v == "" {
		return 0, fmt.Errorf("%s is not set", name)
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, fmt.Errorf("%s=%q is not a number", name, v)
	}
	if n < lo || n > hi {
		return 0, fmt.Errorf("%s=%d is outside [%d, %d]", name, n, lo, hi)
	}
	return n, nil
}

// secret reads the job's secret. Its value is never repeated in an error.
func secret(getenv func(string) string) ([]byte, error) {
	name, v := EnvSecret, getenv(EnvSecret)
	if file := getenv(EnvSecretFile); v == "" && file != "" {
		name = fmt.Sprintf("%s=%q", EnvSecretFile, file)
		text, err := readSecret(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if v = strings.TrimSpace(text); v == "" {
			return nil, fmt.Errorf("%s is empty", name)
		}
	}
	if v == "" {
		return nil, nil
	}
	b, err := hex.DecodeString(strings.TrimSpace(v))
	if err != nil {
		return nil, fmt.Errorf("%s is not hexadecimal", name)
	}
	if len(b) < MinSecret {
		return nil, fmt.Errorf("%s has %d bytes, fewer than %d", name, len(b), MinSecret)
	}
	return b, nil
}

// readSecret reads a short file that no stranger can have written.
func readSecret(file string) (string, error) {
	const most = 64 << 10
	f, err := os.Open(file)
	if err != nil {
		return "", errors.Unwrap(err) // the caller names the file
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = trusted(info)
	}
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	return string(text), err
}

// hostPort refuses an address that is not host:port with a port that is a number.
func hostPort(name, addr string) error {
	if addr == "" {
		return fmt.Errorf("%s is not set", name)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return fmt.Errorf("%s=%q is not host:port", name, addr)
	}
	if p, err := strconv.Atoi(port); err != nil || p < 1 || p > 65535 {
		return fmt.Errorf("%s=%q: port %q is not a number in [1, 65535]", name, addr, port)
	}
	_, err = hostOf(name, host)
	return err
}
