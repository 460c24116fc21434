package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// TestMain lets the test binary stand in for the command: with this variable set it is tutti.
func TestMain(m *testing.M) {
	if os.Getenv("TUTTI_TEST_AS_COMMAND") != "" {
		main()
	}
	os.Exit(m.Run())
}

// command gives a tutti command line to run in dir.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TUTTI_TEST_AS_COMMAND=1")
	return cmd
}

// tutti runs a command line to its end.
func tutti(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(t, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.IsType(t, &exec.ExitError{}, err, errs.String())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestTrain runs the main job with its defaults, but for fewer epochs.
func TestTrain(t *testing.T) {
	dir := t.TempDir()
	out, errs, code := tutti(t, dir, "train", "--epochs", "2", "--progress", "always")
	require.Zero(t, code, errs)
	require.Contains(t, out, "digits: 1437 training and 360 test samples of [1 8 8]")
	require.Contains(t, out, "2 ranks in this process, sync allreduce")
	require.Contains(t, out, "exchange ring, as configured")
	require.Contains(t, out, "kernels  ")
	require.Regexp(t, `epoch  2/2  loss \d\.\d+  accuracy .* %  test loss .*  test accuracy .* %  \d+ samples/s`, out)
	require.Regexp(t, `test accuracy \d\d\.\d\d % \(\d+ of 360\), \d+ samples/s`, out)
	require.Contains(t, errs, "epoch 1/2", "the progress bar")
	require.Equal(t, []string{"digits-digitsnet.safetensors"}, files(t, dir), "the model, and no checkpoint")

	out, errs, code = tutti(t, t.TempDir(), "train", "--epochs", "2", "--progress", "never", "--model", "mlp", "--algorithm", "auto", "--compress", "bf16", "--error-feedback", "--sync-batchnorm")
	require.Zero(t, code, errs)
	require.Regexp(t, `exchange gradients in bf16, .*auto: .* ns/B`, out)

	model := models.DigitsNet(rand.New(rand.NewPCG(9, 9)))
	meta, err := layers.Load(filepath.Join(dir, "digits-digitsnet.safetensors"), model)
	require.NoError(t, err)
	require.Equal(t, "digitsnet", meta["tutti.model"])

	out, _, code = tutti(t, dir, "inspect", "digits-digitsnet.safetensors")
	require.Zero(t, code)
	require.Contains(t, out, "tutti.test_accuracy")
	out, _, code = tutti(t, dir, "inspect", "digits-digitsnet.safetensors", "--compare", "digits-digitsnet.safetensors")
	require.Zero(t, code)
	require.Contains(t, out, "largest difference 0 in all tensors")
}

// TestTrainResNet trains a network with batch normalisation, whose statistics are those of the whole batch: so three partitions are
// as one.
func TestTrainResNet(t *testing.T) {
	dir := t.TempDir()
	train := func(partitions, file string) {
		_, errs, code := tutti(t, dir, "train", "--epochs", "1", "--model", "resnet20", "--ranks", "1", "--partitions", partitions, "--sync-batchnorm",
			"--batch", "480", "--optimizer", "sgd", "--lr", "0.001", "--out", file)
		require.Zero(t, code, errs)
	}
	train("1", "one.safetensors")
	train("3", "three.safetensors")
	load := func(file string) []safetensors.Named {
		model := models.NewResNet20(rand.New(rand.NewPCG(9, 9)), models.ResNetConfig{In: 1, Classes: 10})
		meta, err := layers.Load(filepath.Join(dir, file), model)
		require.NoError(t, err)
		require.Equal(t, "resnet20", meta["tutti.model"])
		return layers.StateDict(model)
	}
	one := load("one.safetensors")
	for i, n := range load("three.safetensors") {
		if n.Tensor.DType() == tensor.Float32 {
			// Three steps through twenty layers: rounding, and none of what statistics of a third of the batch would differ by.
			require.InDeltaSlice(t, tensor.Data[float32](one[i].Tensor), tensor.Data[float32](n.Tensor), 2e-4, n.Name)
		}
	}
}

// TestZeros takes a zero for a zero: no epoch evaluates the model that there is and writes it, and at a learning rate of 0
// nothing moves.
func TestZeros(t *testing.T) {
	dir := t.TempDir()
	for file, flags := range map[string][]string{
		"epochs": {"--epochs", "0"},
		"lr":     {"--epochs", "1", "--batch", "512", "--lr", "0"},
		"group":  {"--epochs", "1", "--batch", "512", "--optimizer", "sgd", "--group", "*:lr=0"},
	} {
		out, errs, code := tutti(t, dir, append([]string{"train", "--model", "mlp", "--out", file}, flags...)...)
		require.Zero(t, code, errs)
		require.Regexp(t, `test accuracy +\d+\.\d\d % \(\d+ of 360\)`, out)
		got := models.MLP(rand.New(rand.NewPCG(2, 0)), 64, 512, 512, 10)
		_, err := layers.Load(filepath.Join(dir, file), got)
		require.NoError(t, err)
		fresh := models.MLP(rand.New(rand.NewPCG(1, 0)), 64, 512, 512, 10)
		for i, n := range layers.StateDict(got) {
			require.Equal(t, tensor.Data[float32](layers.StateDict(fresh)[i].Tensor), tensor.Data[float32](n.Tensor), "%s %s", file, n.Name)
		}
	}
}

// TestTrainGroup gives all parameters a learning rate at which nothing moves, and wants the model it began with.
func TestTrainGroup(t *testing.T) {
	dir := t.TempDir()
	_, errs, code := tutti(t, dir, "train", "--epochs", "1", "--model", "mlp", "--optimizer", "sgd", "--group", "*:lr=1e-30")
	require.Zero(t, code, errs)
	fresh := func(seed uint64) layers.Layer { return models.MLP(rand.New(rand.NewPCG(seed, 0)), 64, 512, 512, 10) }
	want, got := layers.StateDict(fresh(1)), fresh(2)
	_, err := layers.Load(filepath.Join(dir, "digits-mlp.safetensors"), got)
	require.NoError(t, err)
	for i, n := range layers.StateDict(got) {
		require.InDeltaSlice(t, tensor.Data[float32](want[i].Tensor), tensor.Data[float32](n.Tensor), 1e-20, n.Name)
	}
}

// TestTrainOnProcesses trains on processes that tutti launch starts and wants the bits of as many in-process ranks.
func TestTrainOnProcesses(t *testing.T) {
	for _, sync := range []string{"ring", "shuffle"} {
		t.Run(sync, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"train", "--epochs", "1", "--model", "mlp", "--sync", sync}
			_, errs, code := tutti(t, dir, append(args, "--ranks", "3", "--out", "inproc.safetensors")...)
			require.Zero(t, code, errs)
			out, errs, code := tutti(t, dir, append(append([]string{"launch", "-n", "3", "--", "tutti"}, args...), "--out", "tcp.safetensors")...)
			require.Zero(t, code, errs)
			require.Contains(t, out, "3 ranks over tcp")
			inproc, err := os.ReadFile(filepath.Join(dir, "inproc.safetensors"))
			require.NoError(t, err)
			tcp, err := os.ReadFile(filepath.Join(dir, "tcp.safetensors"))
			require.NoError(t, err)
			require.True(t, bytes.Equal(inproc, tcp), "the models differ")
		})
	}
}

// TestTrainTransports trains a little over each transport between processes of one host, and encrypted.
func TestTrainTransports(t *testing.T) {
	transports := [][]string{{"auto"}, {"tcp"}, {"tcp", "--tls"}}
	if runtime.GOOS != "windows" {
		transports = append(transports, []string{"unix"})
	}
	if runtime.GOOS == "linux" {
		transports = append(transports, []string{"shm"})
	}
	for _, flags := range transports {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			args := append([]string{"launch", "-n", "2", "--", "tutti", "train", "--epochs", "1", "--model", "mlp", "--transport"}, flags...)
			out, errs, code := tutti(t, t.TempDir(), args...)
			require.Zero(t, code, errs)
			want := flags[0]
			if want == "auto" {
				want = "tcp"
			}
			require.Contains(t, out, "2 ranks over "+want)
		})
	}
}

// TestLaunchKeepGoing wants the code of the ranks that live when one is killed, and a line about it.
func TestLaunchKeepGoing(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("needs a POSIX shell to give ranks different fates")
	}
	for script, want := range map[string]int{
		`[ $TUTTI_RANK = 1 ] && kill -9 $$; sleep 0.5; echo alive`:               0,
		`[ $TUTTI_RANK = 1 ] && kill -9 $$; sleep 0.5; echo alive; exit 4`:       4,
		`[ $TUTTI_RANK = 1 ] && exit 3; sleep 0.5; echo alive; exit $TUTTI_RANK`: 3,
	} {
		out, errs, code := tutti(t, t.TempDir(), "launch", "-n", "3", "--keep-going", "--", "sh", "-c", script)
		require.Equal(t, want, code, errs)
		require.Contains(t, errs, "launch: rank 1 ")
		require.Contains(t, errs, "; the others go on\n")
		require.Contains(t, out, "[0] alive\n")
		if want != 3 {
			require.Contains(t, out, "[2] alive\n")
		}
	}
}

// TestTerminatedOften ends a job by a hangup and terminations that follow it: it writes its checkpoint all the same.
func TestTerminatedOften(t *testing.T) {
	if os.PathSeparator == '\\' {
		t.Skip("Windows has no such signals")
	}
	dir := t.TempDir()
	cmd := command(t, dir, "train", "--model", "mlp", "--epochs", "1000", "--progress", "never")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "epoch"); {
	}
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGTERM} {
		require.NoError(t, cmd.Process.Signal(s))
	}
	_, err = io.Copy(io.Discard, out)
	require.NoError(t, err)
	_ = cmd.Wait()
	require.Positive(t, cmd.ProcessState.ExitCode(), "%v: it was not killed", cmd.ProcessState)
	require.Len(t, files(t, dir), 1, "the checkpoint")
}

// TestLaunchUnread closes what the launcher writes to, as head -1 does: the ranks run to their end, and their code is
// the launcher's.
func TestLaunchUnread(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("needs a POSIX shell to write from the ranks")
	}
	dir := t.TempDir()
	script := `echo heard; while [ ! -e go ]; do sleep 0.02; done
		echo unheard; echo unheard >&2; echo ran on >rank$TUTTI_RANK; exit 7`
	cmd := command(t, dir, "launch", "-n", "2", "--", "sh", "-c", script)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = w, w
	require.NoError(t, cmd.Start())
	w.Close()
	_, err = r.Read(make([]byte, 100))
	require.NoError(t, err)
	r.Close()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), nil, 0o666))
	_ = cmd.Wait()
	require.Equal(t, 7, cmd.ProcessState.ExitCode(), cmd.ProcessState)
	require.Subset(t, files(t, dir), []string{"rank0", "rank1"})
}

// TestInterruptAndResume interrupts a job at an epoch of its own choosing, and resumes it to the bits of an uninterrupted
// one, on one process and on three.
func TestInterruptAndResume(t *testing.T) {
	if os.PathSeparator == '\\' {
		t.Skip("Windows has no interrupt to send to one process")
	}
	dir := t.TempDir()
	args := []string{"train", "--model", "mlp", "--sync", "shuffle", "--partitions", "6", "--batch", "256", "--epochs", "20", "--progress", "never"}
	_, errs, code := tutti(t, dir, append(args, "--out", "whole.safetensors")...)
	require.Zero(t, code, errs)
	for name, prefix := range map[string][]string{"in process": nil, "launched": {"launch", "-n", "3", "--", "tutti"}} {
		t.Run(name, func(t *testing.T) {
			full := append(append(append([]string{}, prefix...), args...), "--out", "parts.safetensors")
			cmd := command(t, dir, full...)
			cmd.Stdout = &interrupter{cmd: cmd, at: "epoch  2/20"}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			require.Error(t, cmd.Run())
			require.Equal(t, 130, cmd.ProcessState.ExitCode(), stderr.String())
			require.Contains(t, stderr.String(), "checkpoint in parts.checkpoint.safetensors")
			require.Contains(t, files(t, dir), "parts.checkpoint.safetensors")
			require.NotContains(t, files(t, dir), "parts.safetensors")

			_, errs, code := tutti(t, dir, append(full, "--resume")...)
			require.Zero(t, code, errs)
			out, _, code := tutti(t, dir, "inspect", "whole.safetensors", "--compare", "parts.safetensors")
			require.Zero(t, code, out)
			require.NoError(t, os.Remove(filepath.Join(dir, "parts.safetensors")))
		})
	}
}

// interrupter is the output of a command, which it interrupts once it has said something.
type interrupter struct {
	cmd  *exec.Cmd
	at   string
	text string
	done bool
}

func (i *interrupter) Write(p []byte) (int, error) {
	i.text += string(p)
	if !i.done && strings.Contains(i.text, i.at) {
		i.done = true
		return len(p), i.cmd.Process.Signal(os.Interrupt)
	}
	return len(p), nil
}

// TestBadInput wants one clear line, an exit code that is not zero, no stack trace and nothing written.
func TestBadInput(t *testing.T) {
	idx := writeIDX(t)
	for _, c := range []struct {
		name string
		args []string
		want string
		code int
	}{
		{"no such flag", []string{"train", "--epocs", "3"}, "unknown flag: --epocs", 2},
		{"not a number", []string{"train", "--epochs", "many"}, `"many"`, 2},
		{"negative epochs", []string{"train", "--epochs", "-1"}, "--epochs -1, want at least 0", 2},
		{"no batch", []string{"train", "--batch", "0"}, "--batch 0, want at least 1", 2},
		{"no partitions", []string{"train", "--partitions", "0"}, "--partitions 0, want at least 1", 2},
		{"ranks past the memory", []string{"train", "--ranks", "1000000"}, "1000000 ranks and 1000000 partitions in one process take at least", 2},
		{"partitions past the memory", []string{"train", "--partitions", "100000000"}, "100000000 partitions in one process take at least", 2},
		{"no time", []string{"train", "--timeout", "0"}, `"0" for "--timeout" flag: want a duration above 0`, 2},
		{"less than no time", []string{"train", "--timeout", "-1s"}, "want a duration above 0", 2},
		{"no budget", []string{"bench", "gemm", "--budget", "-1s"}, "want a duration above 0", 2},
		{"no budget of a collective", []string{"bench", "collectives", "--budget", "0s"}, "want a duration above 0", 2},
		{"no rounds", []string{"bench", "overlap", "--rounds", "0"}, `"0" for "--rounds" flag: want at least 1`, 2},
		{"sizes past the memory", []string{"bench", "collectives", "-b", "0", "-e", "100000G", "-f", "2"}, "available", 2},
		{"momentum without", []string{"train", "--optimizer", "adam", "--momentum", "0.5"}, "--momentum 0.5: adam has none", 2},
		{"a column of no table", []string{"train", "--label", "class"}, "--target has no effect", 2},
		{"two lines in a name", []string{"train", "--out", "a\nb"}, `--out "a\nb" has a control character in it`, 2},
		{"no such schedule", []string{"train", "--schedule", "luck"}, `--schedule luck: optim: no schedule "luck", the nearest is `, 2},
		{"negative batch", []string{"train", "--batch", "-8"}, "--batch -8, want at least 1", 2},
		{"no ranks", []string{"train", "--ranks", "0"}, "--ranks 0, want at least 1", 2},
		{"no such sync", []string{"train", "--sync", "star"}, `"star", want allreduce or sharded`, 2},
		{"ring by another algorithm", []string{"train", "--sync", "ring", "--algorithm", "halving"},
			"--sync ring is allreduce by the ring, and --algorithm is halving", 2},
		{"no such algorithm", []string{"train", "--algorithm", "star"}, `"star": want one of [auto naive`, 2},
		{"no such compression", []string{"train", "--compress", "int4"}, `"int4": want one of ["none" "bf16" "fp16"]`, 2},
		{"nothing to feed back", []string{"train", "--error-feedback"}, "--error-feedback is for --compress", 2},
		{"no such transport", []string{"train", "--transport", "pigeon"}, `--transport "pigeon", want one of auto, inproc, tcp`, 2},
		{"nothing to encrypt", []string{"train", "--tls"}, "--tls is for ranks that meet over TCP, and these meet over inproc", 2},
		{"no such data", []string{"train", "--data", "imagenet"}, `"imagenet", want one of digits, fashion-mnist`, 2},
		{"no such model", []string{"train", "--model", "gpt9"}, `"gpt9"`, 2},
		{"no such optimizer", []string{"train", "--optimizer", "luck"}, `--optimizer luck: optim: no optimizer "luck", the nearest is `, 2},
		{"bad learning rate", []string{"train", "--lr", "-1"}, "LR", 2},
		{"not a group", []string{"train", "--group", "*.bias"}, "want PATTERN:KEY=VALUE", 2},
		{"bad group", []string{"train", "--group", "*:lr=-1"}, `Group "*".LR = -1`, 2},
		{"a group of nothing", []string{"train", "--group", "*.bais:weight-decay=0"}, `matches "*.bais"`, 1},
		{"model of another shape", []string{"train", "--model", "lenet5"}, "takes samples of [1 28 28], x is [1 8 8]", 2},
		{"no such command", []string{"trane"}, `unknown command "trane"`, 2},
		{"more ranks than partitions", []string{"train", "--ranks", "3", "--partitions", "2"}, "Partitions = 2, want at least the number of ranks, 3", 1},
		{"missing IDX files", []string{"train", "--data", "fashion-mnist", "--data-dir", "/no/such/folder"}, "dataset-fashion-mnist", 1},
		{"truncated IDX file", []string{"train", "--data", "fashion-mnist", "--data-dir", idx("truncated")}, "train-images", 1},
		{"label out of range", []string{"train", "--data", "fashion-mnist", "--data-dir", idx("label")}, "label 10", 1},
		{"a loss that is not finite", []string{"train", "--optimizer", "sgd", "--lr", "1e30", "--epochs", "2"}, "loss is not finite", 1},
		{"output folder missing", []string{"train", "--epochs", "1", "--model", "mlp", "--out", "no/such/model.safetensors"}, "no/such", 1},
		{"output over a missing folder", []string{"train", "--model", "mlp", "--out", "no/../model.safetensors"}, "no/../model", 1},
		{"output a folder", []string{"train", "--model", "mlp", "--out", os.TempDir()}, "--out: " + os.TempDir() + " is a folder", 1},
		{"output a folder by its end", []string{"train", "--model", "mlp", "--out", "out/"}, "--out: out/ names a folder", 1},
		{"checkpoint on a device", []string{"train", "--model", "mlp", "--checkpoint", os.DevNull}, "is a character device", 1},
		{"one file for two", []string{"train", "--model", "mlp", "--out", "one", "--checkpoint", "./one"}, "are one file", 2},
		{"resume a file that is none", []string{"train", "--resume", "--checkpoint", os.DevNull}, os.DevNull, 1},
		{"mpi in a build without", []string{"train", "--transport", "mpi"}, "mpi", 1},
		{"launch nothing", []string{"launch", "-n", "2"}, "requires at least 1 arg", 1},
		{"launch no ranks", []string{"launch", "-n", "0", "--", "true"}, "want at least 1", 2},
		{"launch hosts, one empty", []string{"launch", "--hosts", "a, ,b", "--", "true"}, `entry 2 names no host`, 2},
		{"launch no hosts", []string{"launch", "--hosts", "", "--", "true"}, `entry 1 names no host`, 2},
		{"launch an ssh for nobody", []string{"launch", "--ssh", "x", "--", "true"},
			`--ssh has no effect: all ranks are on this host`, 2},
		{"launch grace", []string{"launch", "--grace", "-1s", "--", "true"}, `--grace -1s`, 2},
		{"inspect two lines", []string{"inspect", "a\nb"}, `FILE "a\nb" has a control character in it`, 2},
		{"inspect no file", []string{"inspect", "nothing.safetensors"}, "nothing.safetensors", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			_, errs, code := tutti(t, dir, c.args...)
			require.Equal(t, c.code, code, errs)
			require.Contains(t, errs, c.want)
			require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
			require.NotContains(t, errs, "goroutine")
			require.Empty(t, files(t, dir))
		})
	}
}

// TestRanksDisagree launches ranks that differ in a flag.
func TestRanksDisagree(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("needs a POSIX shell to give ranks different flags")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	_, errs, code := tutti(t, dir, "launch", "-n", "2", "--", "sh", "-c",
		`exec "$0" train --model mlp --epochs 1 --batch $((64 + TUTTI_RANK))`, self)
	require.NotZero(t, code)
	require.Regexp(t, regexp.MustCompile(`BatchSize: rank 0 has 64, rank 1 has 65`), errs)
	require.NotContains(t, errs, "goroutine")
	require.Empty(t, files(t, dir))
}

// TestISAIsChecked asks for an instruction set that does not exist.
func TestISAIsChecked(t *testing.T) {
	cmd := command(t, t.TempDir(), "cpu")
	cmd.Env = append(cmd.Env, "TUTTI_ISA=sse9")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "sse9")
}

// writeIDX makes folders of small Fashion-MNIST files with one fault each, and gives their paths by fault.
func writeIDX(t *testing.T) func(fault string) string {
	header := func(magic uint32, sizes ...uint32) []byte {
		b := binary.BigEndian.AppendUint32(nil, magic)
		for _, s := range sizes {
			b = binary.BigEndian.AppendUint32(b, s)
		}
		return b
	}
	return func(fault string) string {
		const n = 20
		dir := t.TempDir()
		for _, part := range []string{"train", "t10k"} {
			images := append(header(0x803, n, 28, 28), make([]byte, n*28*28)...)
			labels := append(header(0x801, n), make([]byte, n)...)
			if part == "train" {
				switch fault {
				case "truncated":
					images = images[:len(images)-100]
				case "label":
					labels[len(labels)-1] = 10
				}
			}
			for name, data := range map[string][]byte{"-images-idx3-ubyte.gz": images, "-labels-idx1-ubyte.gz": labels} {
				var b bytes.Buffer
				w := gzip.NewWriter(&b)
				_, err := w.Write(data)
				require.NoError(t, err)
				require.NoError(t, w.Close())
				require.NoError(t, os.WriteFile(filepath.Join(dir, part+name), b.Bytes(), 0o644))
			}
		}
		return dir
	}
}

// TestTrainOnArrow trains on a table of a user's own: the digits, as any Arrow file.
func TestTrainOnArrow(t *testing.T) {
	digits, err := filepath.Abs(filepath.Join("..", "..", "dataset", "arrow", "testdata", "digits.arrow"))
	require.NoError(t, err)
	dir := t.TempDir()
	out, errs, code := tutti(t, dir, "train", "--data", digits, "--epochs", "2")
	require.Zero(t, code, errs)
	require.Contains(t, out, "digits: 1433 training and 364 test samples of [64]")
	require.Contains(t, out, "model    mlp")
	require.Equal(t, []string{"digits-mlp.safetensors"}, files(t, dir))

	_, errs, code = tutti(t, dir, "train", "--data", digits, "--model", "resnet20")
	require.Equal(t, 2, code)
	require.Contains(t, errs, "--model resnet20 and digits: takes images [channels height width] of at least 4 by 4 pixels, x is [64]")

	_, errs, code = tutti(t, dir, "train", "--data", digits, "--label", "digit")
	require.NotZero(t, code)
	require.Contains(t, errs, "digit")

	whole, err := os.ReadFile(digits)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cut.arrow"), whole[:len(whole)/2], 0o644))
	_, errs, code = tutti(t, dir, "train", "--data", "cut.arrow")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "cut.arrow")
	require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
}
