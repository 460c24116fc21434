// Package examples holds numbered lessons, each a program of its own with its output at the end of the file.
package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLessons runs every lesson and compares what it prints with the comment at its end.
func TestLessons(t *testing.T) {
	lessons, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, lessons)
	for _, file := range lessons {
		t.Run(filepath.Dir(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			_, comment, found := strings.Cut(string(text), "\n// Output:\n")
			require.True(t, found, "%s does not say what it prints", file)
			want := strings.ReplaceAll(comment, "// ", "")
			out, err := exec.CommandContext(t.Context(), "go", "run", "./"+filepath.Dir(file)).CombinedOutput()
			require.NoError(t, err, string(out))
			require.Equal(t, want, string(out))
		})
	}
}
