package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRecipesRun trains with rules that look at whole parameters, and with a schedule that hears of the test rows.
func TestRecipesRun(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"--optimizer", "lamb", "--sync", "sharded", "--window", "100", "--no-shuffle"},
		{"--optimizer", "lars", "--lr", "0.1", "--bucket", "-1", "--workers", "1"},
		{"--schedule", "plateau", "--schedule-set", "mode=max", "--score", "accuracy"},
	} {
		out, errs, code := here(t, dir, append([]string{"train", "--model", "mlp", "--epochs", "1"}, args...)...)
		require.Zero(t, code, "%q: %s", args, errs)
		require.Contains(t, out, "model written to")
	}
}
