package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestResume goes on from a checkpoint with changed flags: what may change, what may not, and what the first line says.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	job := func(flags ...string) (first, errs string, code int) {
		args := []string{"train", "--model", "mlp", "--batch", "256", "--schedule", "constant", "--checkpoint",
			"c.safetensors", "--progress", "never"}
		out, errs, code := tutti(t, dir, append(args, flags...)...)
		first, _, _ = strings.Cut(out, "\n")
		return first, errs, code
	}
	_, errs, code := job("--epochs", "1", "--resume")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no checkpoint to resume from")
	first, errs, code := job("--epochs", "1", "--resume=auto")
	require.Zero(t, code, errs)
	require.Equal(t, "resume   nothing: there is no c.safetensors, so training starts anew", first)

	for want, flags := range map[string][]string{
		"Optimizer.LR was 0.002, now 0.1":                 {"--lr", "0.1"},
		"allow Seed, Optimizer.LR in Config.ResumeWith":   {"--lr", "0.1", "--seed", "2"},
		"Optimizer.WeightDecay was 0, now 0.1":            {"--weight-decay", "0.1"},
		"Schedule was optim.Constant{}, now optim.Cosine": {"--schedule", "cosine"},
		"Compress was none, now bf16":                     {"--compress", "bf16"},
		"ParamGroups was [], now [{Pattern:*.bias":        {"--group", "*.bias:weight-decay=0"},
		"Sync was allreduce, now sharded":                 {"--sync", "shuffle"},
		"Group.Size was 2, now 3; Partitions":             {"--ranks", "3"},
		`ResumeWith names "colour", want some`:            {"--resume-with", "colour"},
	} {
		_, errs, code := job(append(flags, "--epochs", "2", "--resume")...)
		require.Equal(t, 1, code, want)
		if strings.HasPrefix(want, "Group.Size") {
			want = "Partitions was 2, now 3"
		}
		require.Contains(t, errs, want)
		require.Contains(t, errs, "tutti: rank 0: train: checkpoint c.safetensors: ")
	}
	first, errs, code = job("--epochs", "2", "--resume")
	require.Zero(t, code, errs)
	require.Equal(t, "resume   c.safetensors: 1 epoch and 0 of 6 steps are done", first)
	first, errs, code = job("--epochs", "3", "--lr", "0.001", "--resume", "--resume-with", "lr")
	require.Zero(t, code, errs)
	require.Equal(t, "resume   c.safetensors: 2 epochs and 0 of 6 steps are done; other bits than an "+
		"uninterrupted job's, as "+
		"Optimizer.LR was 0.002, now 0.001", first)
}

// TestInterruptAfterTheEnd interrupts a job that has said that it is done: it ends well.
func TestInterruptAfterTheEnd(t *testing.T) {
	if os.PathSeparator == '\\' {
		t.Skip("Windows has no interrupt to send to one process")
	}
	for range 5 {
		dir := t.TempDir()
		cmd := command(t, dir, "train", "--model", "mlp", "--epochs", "1", "--batch", "512", "--progress", "never")
		cmd.Stdout = &interrupter{cmd: cmd, at: "model written"}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		require.NoError(t, cmd.Run(), errs.String())
		require.Equal(t, []string{"digits-mlp.safetensors"}, files(t, dir))
	}
}
