package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// small is a program that trains on data in memory, as one that embeds the library does.
const small = "./examples/03-train"

// TestSmallProgramStaysSmall holds what a program with train and dataset.Memory alone carries: of other modules
// gonum, cpuid and x/sys, and of the standard library no networking, images, databases, templates or regular
// expressions. What needs more is a separate package, which a program chooses by importing it.
func TestSmallProgramStaysSmall(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", small)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	unwanted := []string{"net", "image", "database", "html", "text/template", "regexp", "encoding/xml", "encoding/gob",
		"os/exec", "go", module + "/models", module + "/dataset/arrow"}
	for _, path := range strings.Fields(string(out)) {
		if within(path, unwanted) {
			t.Errorf("%s links %s", small, path)
		}
		first, _, _ := strings.Cut(path, "/")
		if strings.Contains(first, ".") &&
			!within(path, []string{module, outside["gonum"], outside["cpuid"], outside["x/sys"]}) {
			t.Errorf("%s links %s, of another module than gonum, cpuid and x/sys", small, path)
		}
	}
}

// TestSmallProgramsSize bounds the stripped binary of that program: 6.6 MB when this was written, 13.7 before formats
// were packages of their own. Links for other systems have other sizes.
func TestSmallProgramsSize(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the size is of a binary for linux/amd64")
	}
	binary := filepath.Join(t.TempDir(), "train")
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, small)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	require.NoError(t, cmd.Run())
	info, err := os.Stat(binary)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(8<<20))
}
