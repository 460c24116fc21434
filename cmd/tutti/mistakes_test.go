package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
)

// TestMistakesInFiles makes the mistakes that files have, and wants file, column, row, and what to do about it.
func TestMistakesInFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "number.csv", "a,c,label\n1,x,yes\n,y,no\n3,x,yes\n4,y,no\n")
	write(t, dir, "word.csv", "a,c,label\n1,x,yes\n2,y,no\n3,,yes\n4,y,no\n")
	write(t, dir, "target.csv", "a,c,label\n1,x,yes\n2,y,no\n3,x,yes\n4,y,\n")
	write(t, dir, "real.csv", "a,label\n1,0\n2,1\n3,2.5\n4,1\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"number.csv"}, `number.csv: column "a", row 1: is null: --fill of tutti train puts a number in its place`},
		{[]string{"number.csv", "--standardise=false"}, `column "a", row 1: is null: --fill of tutti train`},
		{[]string{"word.csv"}, `word.csv: column "c", row 2: is null: give it a value, or train without the column (--inputs)`},
		{[]string{"target.csv"}, `target.csv: column "label", row 3: is null: leave the rows without a target out`},
		{[]string{"real.csv", "--task", "binary"}, `real.csv: column "label", row 2: is 2.5, want 0 or 1 for --task binary`},
		{[]string{"real.csv", "--plot", "no/curves.png"}, `--plot: the folder of no/curves.png: `},
	} {
		args := append([]string{"train", "--epochs", "1", "--holdout", "0", "--out", "m", "--data"}, c.args...)
		_, errs, code := here(t, dir, args...)
		require.Equal(t, 1, code, "%q: %s", c.args, errs)
		require.Contains(t, errs, c.want)
	}
}

// TestOneWordAmongNumbers says why a column of numbers is none: a model of 20 categories trains as well.
func TestOneWordAmongNumbers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "word.csv", "a,b,label\n"+strings.Repeat("1.5,2,0\n2.5,3,1\n", 8)+"oops,4,0\n")
	out, errs, code := here(t, dir, "train", "--data", "word.csv", "--epochs", "1", "--out", "m", "--model-set", "hidden=4")
	require.Zero(t, code, errs)
	require.Contains(t, out, "note     \"a\" is text, and so a category of 3: row 16 has \"oops\", the values before had another "+
		"type; see --read\n")
	require.NotContains(t, out, `"b" is text`)
	write(t, dir, "none.csv", "a,b,label\n")
	_, errs, code = here(t, dir, "predict", "m", "none.csv", "out.csv")
	require.Equal(t, 1, code, errs)
	require.Contains(t, errs, "none.csv has no rows: ")
}

// TestSemicolons says which flag reads a file as many a spreadsheet writes it.
func TestSemicolons(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "semi.csv", "a;b;label\n1;2;0\n2;3;1\n3;3;1\n4;3;1\n")
	args := []string{"train", "--data", "semi.csv", "--epochs", "1", "--holdout", "0", "--out", "m"}
	_, errs, code := here(t, dir, args...)
	require.Equal(t, 2, code, errs)
	require.Contains(t, errs, `--target: no column "label" among ["a;b;label"]; are its columns apart by --read 'comma=;'?`)
	_, errs, code = here(t, dir, append(args, "--read", "comma=;")...)
	require.Zero(t, code, errs)
}

// TestMetricsOfAnotherTask refuses them before the first epoch, not after it.
func TestMetricsOfAnotherTask(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "flowers.csv", flowers(30))
	args := []string{"train", "--epochs", "1", "--data", "flowers.csv", "--out", "m", "--model-set", "hidden=4", "--target"}
	out, errs, code := here(t, dir, append(args, "kind", "--metric", "rmse")...)
	require.Equal(t, 2, code, errs)
	require.Contains(t, errs, "--metric rmse is not for --task classification: metrics: rmse: output [2 3] and target [2]: want")
	require.Empty(t, out)
	_, errs, code = here(t, dir, append(args, "weight", "--metric", "bleu")...)
	require.Equal(t, 2, code, errs)
	require.Contains(t, errs, "--metric bleu is not for --task regression: ")
	for target, names := range map[string][]string{"kind": {"accuracy", "top2", "auc", "log-loss", "confusion", "perplexity",
		"hr@2"}, "weight": {"mae", "rmse", "r2", "mape"}} {
		more := append(args[:len(args):len(args)], target)
		for _, name := range names {
			more = append(more, "--metric", name)
		}
		_, errs, code = here(t, dir, more...)
		require.Zero(t, code, errs)
	}
}

// TestPredictFails leaves nothing behind where no part is done, and no part of a file that has changed since.
func TestPredictFails(t *testing.T) {
	dir := t.TempDir()
	trainedFlowers(t, dir)
	write(t, dir, "hole.csv", "width,height,colour\n1,2,red\n,2,red\n")
	_, errs, code := here(t, dir, "predict", "model", "hole.csv", "out.csv")
	require.Equal(t, 1, code, errs)
	require.Contains(t, errs, `hole.csv: column "width", row 1: is null: --fill of tutti train`)
	require.NoFileExists(t, "out.csv.parts")

	out, errs, code := tutti(t, dir, "launch", "-n", "2", "--", "tutti", "predict", "model", "flowers.csv", "two.csv")
	require.Zero(t, code, errs)
	require.Equal(t, 1, strings.Count(out, "written to two.csv"), out)

	whole := []string{"predict", "model", "flowers.csv", "csv:scores/"}
	for range 2 {
		_, errs, code = here(t, dir, whole...)
		require.Zero(t, code, errs)
	}
	_, errs, code = here(t, dir, append(whole, "--read", "comma=,")...)
	require.Equal(t, 2, code, errs)
	require.Contains(t, errs, "its read is [], this one's [comma=,]")
	require.NoError(t, os.Chtimes("flowers.csv", time.Time{}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	_, errs, code = here(t, dir, whole...)
	require.Equal(t, 2, code, errs)
	require.Regexp(t, `scores/? is of another prediction: its input is 1 file of \d+ bytes, `, errs)
	require.Contains(t, errs, "bytes, 2026-01-02T03:04:05Z; remove it to begin anew")
}

// failing is a sink with a full disk.
type failing struct{ summary.None }

func (failing) Step(summary.Step) error { return errors.New("no space left on device") }

// TestWarnings says what went wrong with what is written of a training, once.
func TestWarnings(t *testing.T) {
	var out bytes.Buffer
	m := summary.NewMulti(failing{}, &warnings{w: &out})
	for range 2 {
		require.NoError(t, m.Step(summary.Step{}))
	}
	require.Regexp(t, `\Atutti: warning: a summary is given up: .*no space left on device\n\z`, out.String())
}
