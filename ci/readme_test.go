package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// readmeProgram gives the program in README.md: its first block of Go.
func readmeProgram(t *testing.T) string {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "```go\n")
	require.True(t, found, "README.md has no block of Go")
	block, _, found = strings.Cut(block, "```")
	require.True(t, found)
	return block
}

// TestReadmeProgramIsTheExample holds the program in README.md to the tested one in example_test.go, and to 40 lines.
func TestReadmeProgramIsTheExample(t *testing.T) {
	program := readmeProgram(t)
	require.Less(t, strings.Count(program, "\n"), 40, "lines of the program in README.md")
	text, err := os.ReadFile(filepath.Join("..", "example_test.go"))
	require.NoError(t, err)
	example := strings.NewReplacer("package tutti_test", "package main", "func Example()", "func main()").Replace(string(text))
	example, _, _ = strings.Cut(example, "\t// Output:")
	require.Equal(t, example+"}\n", program, "README.md and example_test.go have drifted apart")
}

// TestUserModule builds and runs the program of README.md in a module of its own, outside the tree.
func TestUserModule(t *testing.T) {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(readmeProgram(t)), 0o644))
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
		return string(out)
	}
	run("mod", "init", "example.com/user")
	run("mod", "edit", "-require="+module+"@v0.0.0", "-replace="+module+"="+root)
	require.Contains(t, run("run", "."), "test accuracy above 0.9: true\n")
}
