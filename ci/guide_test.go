package ci

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// imports are the packages that the guide's pieces of Go may use.
var imports = func() map[string]string {
	m := map[string]string{"rand": "math/rand/v2", "atomic": "sync/atomic",
		"safetensors": module + "/tensor/safetensors",
		"optim":       module + "/train/optim", "launch": module + "/collectives/launch"}
	for _, std := range []string{"context", "errors", "fmt", "math", "slices", "strings", "sync"} {
		m[std] = std
	}
	for _, own := range []string{"autograd", "collectives", "dataset", "layers", "models", "tensor", "train"} {
		m[own] = module + "/" + own
	}
	return m
}()

var (
	pieces     = regexp.MustCompile("(?ms)^```go\n(.*?)^```$|^<!-- go\n(.*?)^-->$")
	declares   = regexp.MustCompile(`\A(?://[^\n]*\n)*(?:func|type|var) `)
	opens      = regexp.MustCompile(`(?m)^func [^\n]*\{\n\z`)
	identifier = regexp.MustCompile(`\b[a-z]+\.`)
)

// TestGuideCompiles compiles the Go of docs/guide.md: the pieces of a section, and what it takes as given, in comments
// that a reader does not see, are one package. Pieces that are no declarations are bodies of functions.
func TestGuideCompiles(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "guide.md"))
	require.NoError(t, err)
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	args := []string{"build", "-overlay", ""}
	for i, section := range strings.Split(string(text), "\n## ") {
		source := sectionSource(section)
		if source == "" {
			continue
		}
		file := filepath.Join(t.TempDir(), "section.go")
		require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
		pkg := fmt.Sprintf("guide%d", i)
		overlay.Replace[filepath.Join(root, "docs", pkg, "section.go")] = file
		args = append(args, "./docs/"+pkg)
	}
	require.Greater(t, len(args), 8, "the guide has sections with Go in them")
	list, err := json.Marshal(overlay)
	require.NoError(t, err)
	args[2] = filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(args[2], list, 0o600))
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// sectionSource returns the pieces of a section as one file, or "" if there are none.
func sectionSource(section string) string {
	var body strings.Builder
	within := false // a function that a hidden piece began
	for _, m := range pieces.FindAllStringSubmatch(section, -1) {
		piece, hidden := m[1]+m[2], m[2] != ""
		switch {
		case hidden || within || declares.MatchString(piece):
			body.WriteString(piece)
		case strings.Contains(piece, "return "):
			body.WriteString("func _() error {\n" + piece + "return nil\n}\n")
		default:
			body.WriteString("func _() {\n" + piece + "}\n")
		}
		within = hidden && opens.MatchString(piece)
	}
	if body.Len() == 0 {
		return ""
	}
	used := map[string]bool{}
	for _, name := range identifier.FindAllString(body.String(), -1) {
		if path := imports[strings.TrimSuffix(name, ".")]; path != "" {
			used[path] = true
		}
	}
	source := "package guide\n\nimport (\n"
	for path := range used {
		source += fmt.Sprintf("\t%q\n", path)
	}
	return source + ")\n\n" + body.String()
}
