package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary/history"
)

// TestWatch trains with all that can be seen of it.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	args := []string{"train", "--model", "mlp", "--epochs", "2", "--batch", "128", "--log-dir", "runs/a", "--history",
		"h.jsonl", "--plot", "c.svg",
		"--log", "json", "--metric", "f1-macro", "--metric", "top2", "--clip-norm", "5", "--accumulate", "2", "--average",
		"ema:decay=0.9", "--keep", "2", "--checkpoint", "p"}
	out, errs, code := tutti(t, dir, args...)
	require.Zero(t, code, errs)
	require.Regexp(t, `epoch  2/2  loss .*  test loss .*  test accuracy .*  test f1-macro 0\.\d+  test top2 0\.\d+  \d+ samples/s`, out)
	require.Contains(t, errs, `"msg":"training starts"`)
	runs, err := history.ReadFile(filepath.Join(dir, "h.jsonl"))
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.Len(t, runs[0].Steps, 2*12) // 1437 samples
	require.Len(t, runs[0].Epochs, 2)
	require.Equal(t, "finished", runs[0].End.Outcome.String())
	svg, err := os.ReadFile(filepath.Join(dir, "c.svg"))
	require.NoError(t, err)
	require.Contains(t, string(svg), "test/loss")
	events, err := filepath.Glob(filepath.Join(dir, "runs", "a", "events.out.tfevents.*"))
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Contains(t, files(t, dir), "p.step00000012", "the checkpoint before")
	out, _, code = tutti(t, dir, "inspect", "digits-mlp.safetensors")
	require.Zero(t, code)
	require.Regexp(t, `tutti.test_f1-macro +0\.\d+`, out)

	out, errs, code = tutti(t, dir, "evaluate", "digits-mlp.safetensors", "digits/test", "--metric", "f1-macro",
		"--metric", "confusion", "--json")
	require.Zero(t, code, errs)
	require.Regexp(t, `"confusion/0 as 0":\d+.*"f1-macro":0\.\d+`, out)
}

// TestEndWhen ends by a trigger.
func TestEndWhen(t *testing.T) {
	dir := t.TempDir()
	out, errs, code := here(t, dir, "train", "--model", "mlp", "--end-when", "after 20 steps or loss < 0.001",
		"--validate-when", "every 10 steps")
	require.Zero(t, code, errs)
	require.Contains(t, out, "training after 20 steps or loss < 0.001, of batch 32")
	require.Regexp(t, `stopped  .*20 steps`, out)
}

// TestPatience ends where the score improves no more, with the weights that had the best.
func TestPatience(t *testing.T) {
	dir := t.TempDir()
	out, errs, code := here(t, dir, "train", "--model", "mlp", "--epochs", "50", "--lr", "0.05", "--patience", "1",
		"--metric", "log-loss")
	require.Zero(t, code, errs)
	require.Contains(t, out, "stopped  ")
	last := regexp.MustCompile(`test log-loss (\S+)`).FindAllStringSubmatch(out, -1)
	evaluated, errs, code := here(t, dir, "evaluate", "digits-mlp.safetensors", "digits/test", "--metric", "log-loss")
	require.Zero(t, code, errs)
	require.NotEqual(t, last[len(last)-2][1], last[len(last)-1][1])
	best := regexp.MustCompile(`log-loss +(\S+)`).FindStringSubmatch(evaluated)[1]
	require.Equal(t, last[len(last)-2][1][:5], best[:5], "the weights before the last epoch, which was worse")
}

// TestHTTP looks at the live page while a training runs, and ends it by SIGTERM.
func TestHTTP(t *testing.T) {
	if os.PathSeparator == '\\' {
		t.Skip("Windows has no such signal")
	}
	dir := t.TempDir()
	cmd := command(t, dir, "train", "--model", "mlp", "--epochs", "1000", "--http", "localhost:0", "--progress", "never")
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	var said strings.Builder
	var url []string
	for buf := make([]byte, 1<<10); url == nil; {
		n, err := pipe.Read(buf)
		require.NoError(t, err, errs.String())
		said.Write(buf[:n])
		url = regexp.MustCompile(`page +(http://\S+)\n`).FindStringSubmatch(said.String())
	}
	get := func(path string) string {
		answer, err := (&http.Client{Timeout: 10 * time.Second}).Get(url[1] + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s", text)
		return string(text)
	}
	require.Contains(t, get("api/run"), `"running"`)
	require.Contains(t, get("metrics"), "tutti_")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	_, _ = io.Copy(io.Discard, pipe)
	require.Error(t, cmd.Wait())
	require.Equal(t, 128+int(syscall.SIGTERM), cmd.ProcessState.ExitCode())
	require.Contains(t, files(t, dir), "digits-mlp.checkpoint.safetensors")
}

func TestLoopFlagErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "x")
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"--validate-when", "each epoch"},
			`--validate-when: train: trigger "each epoch": "each" is no begin of a trigger`, 2},
		{[]string{"--metric", "acuracy"}, `--metric "acuracy": metrics: `, 2},
		{[]string{"--average", "mean"}, `--average "mean": want ema or swa`, 2},
		{[]string{"--average", "ema:deccay=1"}, `there is no "deccay", the nearest is "decay"`, 2},
		{[]string{"--on-not-finite", "go"}, "--on-not-finite: train: ", 2},
		{[]string{"--min-delta", "1"}, "--min-delta has no effect: there is no --patience", 2},
		{[]string{"--patience", "-1"}, "--patience -1, want at least 0", 2},
		{[]string{"--keep", "0"}, "--keep 0, want at least 1", 2},
		{[]string{"--log", "xml"}, `--log "xml", want text or json`, 2},
		{[]string{"--plot", "c.gif"}, `--plot "c.gif", want a name that ends in .png or .svg`, 2},
		{[]string{"--history", "file"}, "--history: ", 1},
		{[]string{"--http", "nowhere.invalid:x"}, "--http: ", 1},
		{[]string{"--log-dir", "file/x"}, "--log-dir: ", 1},
	} {
		_, errs, code := here(t, dir, append([]string{"train", "--epochs", "1", "--ranks", "1"}, c.args...)...)
		require.Contains(t, errs, c.want, "%q", c.args)
		require.Equal(t, c.code, code, "%q: %s", c.args, errs)
		require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
	}
}
