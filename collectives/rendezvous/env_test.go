package rendezvous

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// environment reads "A=1 B=2" into a getenv.
func environment(s string) func(string) string {
	vars := map[string]string{}
	for _, kv := range strings.Fields(s) {
		k, v, _ := strings.Cut(kv, "=")
		vars[k] = v
	}
	return func(k string) string { return vars[k] }
}

var (
	secretHex = strings.Repeat("0a", 32)
	secretRaw = []byte(strings.Repeat("\x0a", 32))
)

func TestFind(t *testing.T) {
	const (
		ompi  = "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=2 PMIX_NAMESPACE=77 PMIX_RANK=1"
		pmi   = "PMI_RANK=2 PMI_SIZE=3 MPI_LOCALRANKID=2 MPI_LOCALNRANKS=3"
		far   = "PMI_RANK=2 PMI_SIZE=3 MPI_LOCALRANKID=0 MPI_LOCALNRANKS=1"
		slurm = "SLURM_PROCID=5 SLURM_NTASKS=8 SLURM_LOCALID=1 SLURM_STEP_ID=0 SLURM_JOB_ID=99"
		torch = "RANK=1 WORLD_SIZE=2 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 MASTER_ADDR=10.0.0.1 MASTER_PORT=29500"
	)
	slurm2 := strings.Replace(slurm, "STEP_ID=0", "STEP_ID=1", 1)
	tutti := "TUTTI_RANK=3 TUTTI_SIZE=5 TUTTI_LOCAL_RANK=3 TUTTI_STORE=127.0.0.1:4000 TUTTI_JOB=j TUTTI_SECRET=" + secretHex
	isTutti := Spec{Rank: 3, Size: 5, LocalRank: 3, LocalSize: 5, Source: SourceTutti, StoreAddr: "127.0.0.1:4000", Secret: secretRaw, Job: "j"}
	isTorch := Spec{Rank: 1, Size: 2, LocalRank: 1, LocalSize: 2, Source: SourceTorch, StoreAddr: "10.0.0.1:29500", Serve: true}
	isOMPI := Spec{Rank: 1, Size: 4, LocalRank: 0, LocalSize: 2, Source: SourceOpenMPI, Job: "77"}
	isPMI := Spec{Rank: 2, Size: 3, LocalRank: 2, LocalSize: 3, Source: SourcePMI, Job: starter("PMI_RANK=2")}
	isSlurm := Spec{Rank: 5, Size: 8, LocalRank: 1, LocalSize: -1, Source: SourceSlurm, Job: "99.0"}
	isStep := isSlurm
	isStep.Job, isStep.StoreAddr, isStep.Serve = "99.1", "n07:20230", true
	isK8s := Spec{Rank: 3, Size: 4, LocalSize: 1, Source: SourceK8s, StoreAddr: "train-0.mesh:29400", Serve: true}
	alone := Spec{Size: 1, LocalSize: 1, Source: SourceNone}
	for _, c := range []struct {
		name, env string
		want      Spec
	}{
		{"nothing", "", alone},
		{"tutti launch", tutti, isTutti},
		{"torchrun", torch, isTorch},
		{"Open MPI", ompi, isOMPI},
		{"MPICH", pmi, isPMI},
		{"Slurm", slurm, isSlurm},
		{"a batch script of Slurm, not a step", "SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_JOB_ID=99", alone},
		{"mpirun inside Slurm", slurm + " " + ompi, isOMPI},
		{"srun with PMI", slurm + " " + pmi, isPMI},
		{"torchrun's names set under mpirun", ompi + " " + torch, isTorch},
		{"tutti launch inside mpirun", ompi + " " + torch + " " + tutti, isTutti},
		{"RANK for something else", "RANK=captain", alone},
		{"torchrun with IPv6", "RANK=0 WORLD_SIZE=1 MASTER_ADDR=::1 MASTER_PORT=1",
			Spec{Size: 1, LocalRank: -1, LocalSize: -1, Source: SourceTorch, StoreAddr: "[::1]:1", Serve: true}},
		{"torchrun with IPv6 in brackets", "RANK=0 WORLD_SIZE=1 MASTER_ADDR=[::1] MASTER_PORT=1",
			Spec{Size: 1, LocalRank: -1, LocalSize: -1, Source: SourceTorch, StoreAddr: "[::1]:1", Serve: true}},
		{"torchrun with a directory", torch + " TUTTI_STORE_DIR=/shared",
			Spec{Rank: 1, Size: 2, LocalRank: 1, LocalSize: 2, Source: SourceTorch, StoreDir: "/shared", Job: "port 29500"}},
		{"one rank needs no address", "RANK=0 WORLD_SIZE=1", Spec{Size: 1, LocalRank: -1, LocalSize: -1, Source: SourceTorch}},
		{"one rank needs no store", "TUTTI_RANK=0 TUTTI_SIZE=1", Spec{Size: 1, LocalRank: -1, LocalSize: 1, Source: SourceTutti}},
		{"Slurm on one node", slurm + " SLURM_STEP_NUM_NODES=1 SLURM_STEP_NODELIST=n1",
			Spec{Rank: 5, Size: 8, LocalRank: 1, LocalSize: 8, Source: SourceSlurm, Job: "99.0"}},
		{"Slurm on several nodes", slurm + " SLURM_STEP_NUM_NODES=2 SLURM_STEP_NODELIST=n[07-08]",
			Spec{Rank: 5, Size: 8, LocalRank: 1, LocalSize: -1, Source: SourceSlurm, Job: "99.0", StoreAddr: "n07:20099", Serve: true}},
		{"Slurm's second step", slurm2 + " SLURM_STEP_NUM_NODES=2 SLURM_STEP_NODELIST=n[07-08]",
			isStep},
		{"an interactive step of Slurm", strings.Replace(slurm, "STEP_ID=0", "STEP_ID=4294967290", 1) +
			" SLURM_STEP_NUM_NODES=2 SLURM_STEP_NODELIST=a,b",
			Spec{Rank: 5, Size: 8, LocalRank: 1, LocalSize: -1, Source: SourceSlurm, Job: "99.4294967290",
				StoreAddr: "a:25089", Serve: true}}, // 7290 · 131 = 954990
		{"a task of an array, a component of a step", slurm2 +
			" SLURM_ARRAY_JOB_ID=90 SLURM_ARRAY_TASK_ID=3 SLURM_HET_SIZE=2 SLURM_JOB_ID_HET_GROUP_1=100 " +
			"SLURM_STEP_NUM_NODES=2 SLURM_STEP_NODELIST=n[07-08]",
			isStep},
		{"a name of the user's under mpirun", ompi + " TUTTI_JOB=mine",
			Spec{Rank: 1, Size: 4, LocalRank: 0, LocalSize: 2, Source: SourceOpenMPI, Job: "mine"}},
		{"MPICH on several hosts, a directory and a name", far + " TUTTI_JOB=mine TUTTI_STORE_DIR=/d",
			Spec{Rank: 2, Size: 3, LocalSize: 1, Source: SourcePMI, Job: "mine", StoreDir: "/d"}},
		{"MPICH on several hosts, a directory", far + " TUTTI_STORE_DIR=/d",
			Spec{Rank: 2, Size: 3, LocalSize: 1, Source: SourcePMI, StoreDir: "/d"}},
		{"Kubernetes", "JOB_COMPLETION_INDEX=3 TUTTI_SIZE=4 HOSTNAME=train-3 TUTTI_SERVICE=mesh", isK8s},
		{"Kubernetes with an address", "JOB_COMPLETION_INDEX=1 TUTTI_SIZE=4 TUTTI_STORE=a.b:7",
			Spec{Rank: 1, Size: 4, LocalSize: 1, Source: SourceK8s, StoreAddr: "a.b:7", Serve: true}},
		{"Kubeflow", "PET_NNODES=3 PET_NODE_RANK=2 PET_NPROC_PER_NODE=auto PET_MASTER_ADDR=m PET_MASTER_PORT=9",
			Spec{Rank: 2, Size: 3, LocalSize: 1, Source: SourcePET, StoreAddr: "m:9", Serve: true}},
		{"Kubeflow, two a node", "PET_NNODES=3 PET_NODE_RANK=2 PET_NPROC_PER_NODE=2 LOCAL_RANK=1 PET_MASTER_ADDR=m PET_MASTER_PORT=9",
			Spec{Rank: 5, Size: 6, LocalRank: 1, LocalSize: 2, Source: SourcePET, StoreAddr: "m:9", Serve: true}},
		{"an address under mpirun", ompi + " TUTTI_STORE=10.1.2.3:5000",
			Spec{Rank: 1, Size: 4, LocalRank: 0, LocalSize: 2, Source: SourceOpenMPI, Job: "77", StoreAddr: "10.1.2.3:5000", Serve: true}},
		{"a directory under mpirun", ompi + " TUTTI_STORE_DIR=/shared",
			Spec{Rank: 1, Size: 4, LocalRank: 0, LocalSize: 2, Source: SourceOpenMPI, Job: "77", StoreDir: "/shared"}},
		{"hosts of tutti launch", tutti + " TUTTI_LOCAL_SIZE=4",
			Spec{Rank: 3, Size: 5, LocalRank: 3, LocalSize: 4, Source: SourceTutti, StoreAddr: "127.0.0.1:4000", Secret: secretRaw, Job: "j"}},
		{"a secret for torchrun", "RANK=0 WORLD_SIZE=1 TUTTI_SECRET=" + secretHex,
			Spec{Size: 1, LocalRank: -1, LocalSize: -1, Source: SourceTorch, Secret: secretRaw}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Find(environment(c.env))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestFindErrors(t *testing.T) {
	for _, c := range []struct{ name, env, want string }{
		{"rank = size", "PMI_RANK=3 PMI_SIZE=3", "MPICH/PMI: PMI_RANK=3, but PMI_SIZE=3"},
		{"rank > size", "OMPI_COMM_WORLD_RANK=9 OMPI_COMM_WORLD_SIZE=4", "Open MPI: OMPI_COMM_WORLD_RANK=9, but OMPI_COMM_WORLD_SIZE=4"},
		{"rank negative", "PMI_RANK=-1 PMI_SIZE=3", "PMI_RANK=-1 is outside [0, "},
		{"rank no number", "PMI_RANK=two PMI_SIZE=3", `PMI_RANK="two" is not a number`},
		{"rank with a fraction", "PMI_RANK=1.0 PMI_SIZE=3", `PMI_RANK="1.0" is not a number`},
		{"rank too long", "PMI_RANK=99999999999999999999 PMI_SIZE=3", `PMI_RANK="99999999999999999999" is not a number`},
		{"rank missing", "WORLD_SIZE=3", "torchrun: RANK is not set"},
		{"size missing", "TUTTI_RANK=0", "tutti launch: TUTTI_SIZE is not set"},
		{"size 0", "PMI_RANK=0 PMI_SIZE=0", "PMI_SIZE=0 is outside [1, "},
		{"size absurd", "PMI_RANK=0 PMI_SIZE=2000000", "PMI_SIZE=2000000 is outside [1, 1048576]"},
		{"local rank", "PMI_RANK=0 PMI_SIZE=2 MPI_LOCALRANKID=2", "MPI_LOCALRANKID=2 is outside [0, 1]"},
		{"local size", "PMI_RANK=0 PMI_SIZE=2 MPI_LOCALNRANKS=x", `MPI_LOCALNRANKS="x" is not a number`},
		{"Slurm without size", "SLURM_STEP_ID=1 SLURM_PROCID=0", "Slurm: SLURM_NTASKS is not set"},
		{"no master", "RANK=0 WORLD_SIZE=2", "MASTER_ADDR is not set, but WORLD_SIZE=2"},
		{"a URL", "RANK=1 WORLD_SIZE=2 MASTER_ADDR=tcp://h MASTER_PORT=1", `MASTER_ADDR="tcp://h" is a URL`},
		{"a host with a port", "RANK=1 WORLD_SIZE=2 MASTER_ADDR=h:29500 MASTER_PORT=1", `MASTER_ADDR="h:29500" is neither the name nor the IP address of a host`},
		{"a path", "PET_NNODES=2 PET_NODE_RANK=0 PET_MASTER_ADDR=h/x PET_MASTER_PORT=1", `PET_MASTER_ADDR="h/x" is neither`},
		{"a store that is a URL", "TUTTI_RANK=0 TUTTI_SIZE=2 TUTTI_STORE=http://h:80", `TUTTI_STORE="http://h:80" is not host:port`},
		{"a store at no host", "PMI_RANK=0 PMI_SIZE=2 TUTTI_STORE=//h:80", `TUTTI_STORE="//h" is neither`},
		{"no port", "RANK=0 WORLD_SIZE=2 MASTER_ADDR=h", "MASTER_PORT is not set"},
		{"port", "RANK=0 WORLD_SIZE=2 MASTER_ADDR=h MASTER_PORT=70000", "MASTER_PORT=70000 is outside [1, 65535]"},
		{"no store", "TUTTI_RANK=0 TUTTI_SIZE=2", "TUTTI_STORE is not set"},
		{"store without port", "TUTTI_RANK=0 TUTTI_SIZE=2 TUTTI_STORE=host", `TUTTI_STORE="host" is not host:port`},
		{"store without host", "TUTTI_RANK=0 TUTTI_SIZE=2 TUTTI_STORE=:80", `TUTTI_STORE=":80" is not host:port`},
		{"store's port", "TUTTI_RANK=0 TUTTI_SIZE=2 TUTTI_STORE=h:http", `TUTTI_STORE="h:http": port "http" is not a number`},
		{"Kubernetes without a size", "JOB_COMPLETION_INDEX=0", "Kubernetes Indexed Job: TUTTI_SIZE is not set"},
		{"Kubernetes without a service", "JOB_COMPLETION_INDEX=0 TUTTI_SIZE=2", "neither TUTTI_SERVICE"},
		{"Kubernetes with a host name of its own", "JOB_COMPLETION_INDEX=0 TUTTI_SIZE=2 TUTTI_SERVICE=s HOSTNAME=x", `HOSTNAME="x" does not end in -0`},
		{"Kubeflow, elastic", "PET_NNODES=1:4 PET_NODE_RANK=0", `PET_NNODES="1:4" is not a number`},
		{"Kubeflow without local rank", "PET_NNODES=1 PET_NODE_RANK=0 PET_NPROC_PER_NODE=2", "LOCAL_RANK is not set"},
		{"Slurm's list", "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_JOB_ID=1 SLURM_STEP_NUM_NODES=2 SLURM_STEP_NODELIST=n[", `SLURM_STEP_NODELIST="n[" names no host`},
		{"an address that is none", "PMI_RANK=0 PMI_SIZE=2 TUTTI_STORE=here", `TUTTI_STORE="here" is not host:port`},
		{"no secret file", "PMI_RANK=0 PMI_SIZE=1 TUTTI_SECRET_FILE=/no/such/file",
			`TUTTI_SECRET_FILE="/no/such/file": `},
		{"Slurm's step", "SLURM_STEP_ID=x SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_JOB_ID=1 SLURM_STEP_NUM_NODES=2 " +
			"SLURM_STEP_NODELIST=a,b",
			`SLURM_STEP_ID="x" is not a number`},
		{"secret", "TUTTI_RANK=0 TUTTI_SIZE=1 TUTTI_SECRET=hush", "TUTTI_SECRET is not hexadecimal"},
		{"secret short", "TUTTI_RANK=0 TUTTI_SIZE=1 TUTTI_SECRET=0102", "TUTTI_SECRET has 2 bytes, fewer than 16"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Find(environment(c.env))
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "hush", "a secret in an error")
		})
	}
}

func TestSpecMPI(t *testing.T) {
	for source, want := range map[string]bool{SourceOpenMPI: true, SourcePMI: true, SourceSlurm: true,
		SourceTorch: false, SourceTutti: false, SourceNone: false} {
		assert.Equal(t, want, Spec{Source: source}.MPI(), source)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("1", "4", "0", "127.0.0.1:80", secretHex)
	f.Add("-1", "", "x", "::", "00")
	f.Fuzz(func(t *testing.T, rank, size, local, store, secret string) {
		vars := map[string]string{EnvRank: rank, EnvSize: size, EnvLocalRank: local, EnvStore: store, EnvSecret: secret}
		s, err := Find(func(k string) string { return vars[k] })
		if err != nil {
			return
		}
		if s.Rank < 0 || s.Rank >= s.Size || s.LocalRank < -1 || s.LocalRank >= s.Size {
			t.Fatalf("Find accepts rank %d (local %d) of %d", s.Rank, s.LocalRank, s.Size)
		}
		if s.Secret != nil && len(s.Secret) < MinSecret {
			t.Fatalf("Find accepts a secret of %d bytes", len(s.Secret))
		}
	})
}

func TestFirstHost(t *testing.T) {
	for list, want := range map[string]string{
		"n1": "n1", "n1,n2": "n1", "n[1-3]": "n1", "n[07,9]": "n07", "rack1-[03-07,9],login": "rack1-03", "n[4]": "n4",
		"n[1-2]-ib,x": "n1-ib", "n[": "", "n[]": "", "r[1-2]n[3-4]": "", "": "", "n[3": "",
		"rack1-[03[\x16R-07,l": "", "n[a-c]": "",
	} {
		assert.Equal(t, want, firstHost(list), list)
	}
}

func TestSecretFile(t *testing.T) {
	file := t.TempDir() + "/secret"
	find := func() (Spec, error) { return Find(environment("PMI_RANK=0 PMI_SIZE=2 TUTTI_SECRET_FILE=" + file)) }
	require.NoError(t, os.WriteFile(file, []byte(secretHex+"\n"), 0o600))
	s, err := find()
	require.NoError(t, err)
	assert.Equal(t, secretRaw, s.Secret)

	require.NoError(t, os.WriteFile(file, []byte(" \n"), 0o600))
	_, err = find()
	require.ErrorContains(t, err, "is empty", "a file that is there is not nothing")
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte("0a"), 40<<10), 0o600))
	_, err = find()
	require.ErrorContains(t, err, "more than 65536 bytes")

	if runtime.GOOS == "windows" {
		return // the mode tells nothing there
	}
	require.NoError(t, os.WriteFile(file, []byte(secretHex), 0o600))
	for mode, taken := range map[os.FileMode]bool{
		0o600: true, 0o400: true, 0o644: true, 0o666: false, 0o620: false, 0o602: false,
	} {
		require.NoError(t, os.Chmod(file, mode))
		if _, err = find(); taken {
			require.NoError(t, err, mode)
		} else {
			require.ErrorContains(t, err, "others may write", mode)
		}
	}
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chmod(file, 0o600))
		require.NoError(t, os.Chown(file, 12345, 0))
		_, err = find()
		require.ErrorContains(t, err, "it belongs to user 12345, and this process to user 0")
	}
}

// Ranks that have one starter know it by one name, also with a shell between, and those of another by another.
func TestStarter(t *testing.T) {
	if runtime.GOOS != "linux" {
		require.Empty(t, starter("PMI_RANK=0"))
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	ask := func(wrap string) string { // wrap is what a launcher runs
		cmd := exec.Command("sh", "-c", wrap, "sh", self)
		cmd.Env = append(os.Environ(), "TUTTI_TEST_STARTER=PMI_RANK=0")
		out, err := cmd.Output()
		require.NoError(t, err)
		return string(out)
	}
	// A launcher that starts three ranks, two of them in shells.
	out := ask(`PMI_RANK=0 "$1"
		PMI_RANK=0 sh -c '"$1"; :' sh "$1"
		PMI_RANK=0 sh -c 'sh -c "\"\$1\"; :" sh "$1"; :' sh "$1"; :`)
	names := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, names, 3)
	assert.Regexp(t, `^process \d+ of .*, from \d+$`, names[0])
	assert.Equal(t, names[0], names[1])
	assert.Equal(t, names[0], names[2])
	assert.NotEqual(t, names[0], strings.TrimSpace(ask(`PMI_RANK=0 "$1"; :`)), "another launcher")
}

func TestMain(m *testing.M) {
	if variable := os.Getenv("TUTTI_TEST_STARTER"); variable != "" { // a rank that says who started it
		fmt.Println(starter(variable))
		return
	}
	os.Exit(m.Run())
}

func TestElsewhere(t *testing.T) {
	assert.Contains(t, Spec{Source: SourceTorch}.Elsewhere(), "MASTER_PORT to a free port, or TUTTI_STORE to another")
	assert.Contains(t, Spec{Source: SourceSlurm}.Elsewhere(), "set TUTTI_STORE to another host:port")
}

func FuzzFirstHost(f *testing.F) {
	f.Add("rack1-[03-07,9],login")
	f.Fuzz(func(t *testing.T, list string) {
		if h := firstHost(list); strings.ContainsAny(h, "[,") {
			t.Fatalf("firstHost(%q) = %q", list, h)
		}
	})
}
