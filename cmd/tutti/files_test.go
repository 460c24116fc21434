package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/layers"
)

// flowers returns a CSV table of three classes that a linear model tells apart: centres ten deviations away from each
// other, and a colour that goes with the class.
func flowers(rows int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("id,width,height,colour,kind,weight\n")
	for i := range rows {
		c := i % 3
		w, h := 10*float64(c)+rng.NormFloat64(), 1000-300*float64(c)+30*rng.NormFloat64()
		fmt.Fprintf(&b, "%d,%.3f,%.3f,%s,%s,%.3f\n", i, w, h, []string{"red", "blue", "white"}[c], []string{"rose",
			"iris", "lily"}[c],
			2*w+rng.NormFloat64()/10)
	}
	return b.String()
}

// TestTrainOnFiles trains on files of each format: numbers of scales that differ, a category, classes by name.
func TestTrainOnFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "flowers.csv", flowers(300))
	for _, out := range []string{"flowers.parquet", "flowers.jsonl"} {
		_, errs, code := here(t, dir, "data", "convert", "flowers.csv", out)
		require.Zero(t, code, errs)
	}
	models := map[string]string{}
	for _, data := range []string{"flowers.csv", "flowers.parquet", "flowers.jsonl"} {
		out, errs, code := here(t, dir, "train", "--data", data, "--inputs", "width,height,colour", "--target", "kind",
			"--epochs", "10", "--lr", "0.02",
			"--model-set", "hidden=16", "--out", data+".model")
		require.Zero(t, code, errs)
		require.Contains(t, out, "flowers: 240 training and 60 test samples of x [2], colour of 3\n")
		require.Contains(t, out, "test accuracy 100.00 % (60 of 60)")
		m, err := loadModel(filepath.Join(dir, data+".model"))
		require.NoError(t, err)
		require.Equal(t, []string{"iris", "lily", "rose"}, m.Layout.Target.ClassNames)
		require.Equal(t, []string{"blue", "red", "white"}, m.Layout.Inputs[1].ClassNames)
		models[data] = fmt.Sprint(layers.Params(m.model)[0].Value())
	}
	require.Equal(t, models["flowers.csv"], models["flowers.parquet"], "the same rows, the same bits")
	require.Equal(t, models["flowers.csv"], models["flowers.jsonl"])
}

// TestTasks trains a regression, a yes-or-no question, a recommendation and the next word, each with its default loss.
func TestTasks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "flowers.csv", flowers(300))
	var likes, words strings.Builder
	likes.WriteString("user,item,label\n")
	for i := range 200 {
		fmt.Fprintf(&likes, "%d,%d,%v\n", i%10, i/10, (i%10+i/10)%2 == 0)
		fmt.Fprintf(&words, "{\"text\":[%d,%d,%d],\"label\":[%d,%d,%d]}\n", i%7, (i+1)%7, (i+2)%7, (i+1)%7, (i+2)%7, (i+3)%7)
	}
	write(t, dir, "likes.csv", likes.String())
	write(t, dir, "words.jsonl", words.String())
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--data", "flowers.csv", "--inputs", "width,kind", "--target", "weight", "--model-set", "hidden=16",
			"--epochs", "30", "--lr", "0.01"},
			`test loss [0-5]\.\d+ \(60 samples\)`},
		{[]string{"--data", "flowers.csv", "--inputs", "width,height", "--target", "weight", "--loss", "huber:delta=2",
			"--epochs", "1", "--test", "flowers.csv"},
			`test loss \d+\.\d+ \(300 samples\)`},
		{[]string{"--data", "likes.csv", "--task", "binary", "--epochs", "1", "--categories", "user,item", "--model",
			"neumf"},
			`likes: \d+ training and \d+ test samples of user of 10, item of 20\nmodel    neumf`},
		{[]string{"--data", "likes.csv", "--categories", "user,item", "--model", "wide-deep", "--epochs", "1"},
			`model    wide-deep`},
		{[]string{"--data", "words.jsonl", "--categories", "text,label", "--model", "lstm", "--model-set", "features=16",
			"--model-set", "layers=1", "--epochs", "1"},
			`samples of text \[3\] of 7\nmodel    lstm`},
		{[]string{"--data", "words.jsonl", "--inputs", "text", "--target", "text", "--model", "autoencoder",
			"--model-set", "sizes=2", "--epochs", "1", "--holdout", "0"},
			`200 training and 0 test samples of \[3\]\n(?s:.*)nothing was held out`},
		{[]string{"--data", "digits", "--loss", "cross-entropy:label-smoothing=0.1", "--epochs", "1"}, `test accuracy`},
	} {
		out, errs, code := here(t, dir, append([]string{"train"}, c.args...)...)
		require.Zero(t, code, "%q: %s", c.args, errs)
		require.Regexp(t, c.want, out, "%q", c.args)
	}
}

func TestDataFlagErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "flowers.csv", flowers(30))
	write(t, dir, "gap.csv", "a,b,label\n1,2,0\n1,,1\n")
	write(t, dir, "other.csv", strings.ReplaceAll(flowers(30), "iris", "tulip"))
	write(t, dir, "none.csv", "a,label\n")
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"--data", "flowers.csv"}, `flowers.csv: --target: no column "label" among`, 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--inputs", "wdth"}, `--inputs: no column "wdth"`, 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--inputs", "width", "--categories", "id"},
			`--categories: "id" is no input, these are: width`, 2},
		{[]string{"--data", "flowers.csv", "--target", "weight", "--task", "classification"},
			`the target "weight" is float64, want integers, booleans or text`, 2},
		{[]string{"--data", "flowers.csv", "--target", "weight", "--task", "clasify"},
			`--task "clasify", want one of classification`, 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--loss", "mse"},
			"--loss mse is for regression, and the task is classification", 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--loss", "mes"}, `--loss "mes", the nearest is "mse"`, 2},
		{[]string{"--data", "flowers.csv", "--target", "weight", "--loss", "huber:dleta=2"},
			`--loss huber: there is no "dleta", the nearest is "delta"`, 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--model-set", "hiden=3"},
			`models: mlp: there is no "hiden", the nearest is "hidden"`, 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--model", "neumf"}, "takes two categories", 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--holdout", "1"},
			"--holdout 1, want a number from 0 and below 1", 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--test", "a.csv", "--holdout", "0.1"},
			"--test a.csv and --holdout 0.1 are both given", 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--test", "other.csv", "--inputs", "width"},
			`other.csv: column "kind", row 1: label "tulip" is none of the 3 ClassNames`, 1},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--shape", "2,x"}, `--shape "2,x", want whole numbers`, 2},
		{[]string{"--data", "flowers.csv", "--target", "kind", "--inputs", "width,height", "--shape", "3"}, "flowers.csv", 1},
		{[]string{"--data", "gap.csv"}, `gap.csv: column "b", row 1: is null`, 1},
		{[]string{"--data", "gap.csv", "--fill", "x"}, `--fill "x", want a number`, 2},
		{[]string{"--data", "none.csv"}, "none.csv has no rows to train on", 1},
		{[]string{"--data", "digits", "--test", "a.csv"}, "--test has no effect: what is in digits is known", 2},
	} {
		_, errs, code := here(t, dir, append([]string{"train"}, c.args...)...)
		require.Contains(t, errs, c.want, "%q", c.args)
		require.Equal(t, c.code, code, "%q: %s", c.args, errs)
		require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
	}
	_, errs, code := here(t, dir, "train", "--data", "gap.csv", "--fill", "0", "--epochs", "1", "--holdout", "0")
	require.Zero(t, code, errs)
}

// TestNumbersFarFromZero trains on ten minutes of one day. Seconds since 1970 are float32s 128 apart: of that a model
// learns five steps.
func TestNumbersFarFromZero(t *testing.T) {
	dir := t.TempDir()
	var times strings.Builder
	times.WriteString("when,a,label\n")
	for i := range 600 {
		at := i * 271 % 600
		fmt.Fprintf(&times, "2026-03-01T12:%02d:%02dZ,%d,%v\n", at/60, at%60, i%7, at > 300)
	}
	write(t, dir, "times.csv", times.String())
	out, errs, code := here(t, dir, "train", "--data", "times.csv", "--epochs", "30", "--lr", "0.02", "--model-set",
		"hidden=8", "--out", "m")
	require.Zero(t, code, errs)
	require.Regexp(t, `test accuracy (100\.00|9[89]\.\d\d) %`, out)
	m, err := loadModel(filepath.Join(dir, "m"))
	require.NoError(t, err)
	x := m.Layout.Inputs[0]
	require.True(t, x.Wide)
	require.InDelta(t, 1772366400+299.5, x.Mean[0], 15) // 2026-03-01T12:00:00Z and the mean of 0 … 599, of 480 of them
	require.InDelta(t, 173.2, x.Std[0], 9)              // √((600² − 1) / 12)
	out, errs, code = here(t, dir, "evaluate", "m", "times.csv")
	require.Zero(t, code, errs)
	require.Regexp(t, `accuracy  (1|0\.9[89]\d*)\n`, out)
}
