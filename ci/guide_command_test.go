package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGuideCommand walks the path of docs/guide.md from a file of data to a scored file: its files are written and its
// lines run, in order.
func TestGuideCommand(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell, as the guide's lines do")
	}
	text, err := os.ReadFile(filepath.Join("..", "docs", "guide.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "## From a file of data to a scored file\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin", "tutti"), "./cmd/tutti")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	iris, err := os.ReadFile(filepath.Join("..", "docs", "iris.csv"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "iris.csv"), iris, 0o600))
	said, lines := "", 0
	for _, m := range regexp.MustCompile("(?ms)^```(sh|yaml)\n(.*?)^```$").FindAllStringSubmatch(section, -1) {
		if m[1] == "yaml" {
			name := strings.TrimPrefix(strings.SplitN(m[2], "\n", 2)[0], "# ")
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(m[2]), 0o600))
			continue
		}
		for line := range strings.Lines(m[2]) {
			cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s%s", line, out)
			said += string(out)
			lines++
		}
	}
	require.Equal(t, 6, lines)
	m := regexp.MustCompile(`(?m)^accuracy +(\S+)$`).FindStringSubmatch(said)
	require.NotNil(t, m, said)
	accuracy, err := strconv.ParseFloat(m[1], 64)
	require.NoError(t, err)
	// Of the 30 rows held out scikit-learn's LogisticRegression and MLPClassifier((32, 32)), behind a StandardScaler and
	// trained on all 120 others, get 27 right: 0.9. Here 24 of the 120 are for early stopping.
	require.GreaterOrEqual(t, accuracy, 0.8)
	scored, err := os.ReadFile(filepath.Join(dir, "scored.csv"))
	require.NoError(t, err)
	require.Equal(t, 31, strings.Count(string(scored), "\n"))
	require.Regexp(t, `^sepal_length,sepal_width,petal_length,petal_width,species,prediction,probability\n`, string(scored))
	require.FileExists(t, filepath.Join(dir, "curves.png"))
}
