// Package ci holds what guards the tree as a whole: the import policy as a test, and the scripts that run every check.
package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/tutti-ml/tutti"

// outside names the modules that policy rows may allow, by the short names the rows use.
var outside = map[string]string{
	"arrow":      "github.com/apache/arrow/go/v15",
	"brotli":     "github.com/andybalholm/brotli",
	"cpuid":      "github.com/klauspost/cpuid/v2",
	"gompi":      "github.com/sbromberger/gompi",
	"gonum":      "gonum.org/v1/gonum",
	"plot":       "gonum.org/v1/plot",
	"klauspost":  "github.com/klauspost/compress",
	"lz4":        "github.com/pierrec/lz4/v4",
	"parquet-go": "github.com/parquet-go/parquet-go",
	"testify":    "github.com/stretchr/testify",
	"x/sync":     "golang.org/x/sync",
	"x/sys":      "golang.org/x/sys",
}

// free are the parts of the tree that may import anything, and that nobody may import.
var free = []string{"bench", "cmd", "examples", "ci"}

// TestImportPolicy holds every package, in every build the project has, to the table in docs/architecture.md.
func TestImportPolicy(t *testing.T) {
	policy := readPolicy(t)
	seen := map[string]bool{}
	for _, tags := range []string{"", "purego", "mpi"} {
		for pkg, imports := range listImports(t, tags) {
			seen[pkg] = true
			if within(pkg, free) {
				continue
			}
			allowed, listed := policy[pkg]
			if !listed {
				t.Errorf("package %s has no row in the policy table of docs/architecture.md", pkg)
				continue
			}
			for _, path := range imports {
				if !permits(allowed, path) {
					t.Errorf("package %s (tags %q) imports %s; its row allows %q", pkg, tags, path, allowed)
				}
			}
		}
	}
	for pkg := range policy {
		if !seen[pkg] {
			t.Errorf("the policy table has a row for %s, which is not in the tree", pkg)
		}
	}
}

// readPolicy gives the rows of the policy block: package -> what it may import.
func readPolicy(t *testing.T) map[string][]string {
	text, err := os.ReadFile(filepath.Join("..", "docs", "architecture.md"))
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "```policy\n")
	require.True(t, found, "docs/architecture.md has no policy block")
	block, _, _ = strings.Cut(block, "```")
	policy := map[string][]string{}
	for line := range strings.Lines(block) {
		pkg, allowed, found := strings.Cut(line, "->")
		require.True(t, found, "policy row %q has no arrow", line)
		policy[strings.TrimSpace(pkg)] = strings.Fields(allowed)
	}
	require.NotEmpty(t, policy)
	return policy
}

// listImports gives what each package of the module imports in the build with the given tags, without the standard
// library. Packages of the module are named by their folder.
func listImports(t *testing.T, tags string) map[string][]string {
	cmd := exec.Command("go", "list", "-e", "-tags", tags, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(words[0], module), "/")
		if pkg == "" {
			pkg = "."
		}
		imports[pkg] = nil
		for _, path := range words[1:] {
			first, _, _ := strings.Cut(path, "/")
			if strings.Contains(first, ".") { // a path outside the standard library starts with a host name
				imports[pkg] = append(imports[pkg], strings.TrimPrefix(path, module+"/"))
			}
		}
	}
	return imports
}

// permits says whether one of the allowed names covers path: a package of the module, a folder of them ("a/b/..."), or a
// module outside.
func permits(allowed []string, path string) bool {
	for _, name := range allowed {
		if folder, ok := strings.CutSuffix(name, "/..."); ok && within(path, []string{folder}) {
			return true
		}
		if name == path || outside[name] != "" && within(path, []string{outside[name]}) {
			return true
		}
	}
	return false
}

func within(path string, folders []string) bool {
	for _, folder := range folders {
		if path == folder || strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return false
}

func TestPermits(t *testing.T) {
	for _, c := range []struct {
		allowed []string
		path    string
		want    bool
	}{
		{[]string{"tensor"}, "tensor", true},
		{[]string{"tensor"}, "tensor/safetensors", false},
		{[]string{"collectives/transport/..."}, "collectives/transport/tcp", true},
		{[]string{"collectives/transport/..."}, "collectives/launch", false},
		{[]string{"gonum"}, "gonum.org/v1/gonum/blas", true},
		{[]string{"gonum"}, "gonum.org/v1/plot", false},
		{nil, "tensor", false},
	} {
		require.Equal(t, c.want, permits(c.allowed, c.path), "permits(%q, %s)", c.allowed, c.path)
	}
}
