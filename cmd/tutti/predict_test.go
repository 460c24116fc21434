package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/layers"
)

// trainedFlowers trains on flowers.csv in dir and leaves the model as "model".
func trainedFlowers(t *testing.T, dir string, more ...string) {
	t.Helper()
	write(t, dir, "flowers.csv", flowers(300))
	_, errs, code := here(t, dir, append([]string{"train", "--data", "flowers.csv", "--inputs", "width,height,colour",
		"--target", "kind", "--epochs", "10",
		"--lr", "0.02", "--model-set", "hidden=16", "--out", "model"}, more...)...)
	require.Zero(t, code, errs)
}

// TestEvaluate wants the numbers that training ended with, of the rows that it held out.
func TestEvaluate(t *testing.T) {
	dir := t.TempDir()
	trainedFlowers(t, dir)
	_, errs, code := here(t, dir, "data", "split", "flowers.csv", "train.parquet", "test.jsonl", "--by", "kind")
	require.Zero(t, code, errs)
	out, errs, code := here(t, dir, "evaluate", "model", "test.jsonl", "--json")
	require.Zero(t, code, errs)
	var got map[string]float64
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, 60.0, got["samples"])
	require.Equal(t, 1.0, got["accuracy"])
	three, errs, code := here(t, dir, "evaluate", "model", "test.jsonl", "--json", "--ranks", "3", "--batch", "256")
	require.Zero(t, code, errs)
	require.Equal(t, out, three)
	out, errs, code = here(t, dir, "evaluate", "model", "train.parquet")
	require.Zero(t, code, errs)
	require.Regexp(t, `^samples   240\nloss      0.0\d+\naccuracy  `, out)

	_, errs, code = here(t, dir, "train", "--epochs", "1", "--out", "digits")
	require.Zero(t, code, errs)
	out, errs, code = here(t, dir, "evaluate", "digits", "digits/test", "--json")
	require.Zero(t, code, errs)
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	m, err := readRecipe("digits")
	require.NoError(t, err)
	require.Equal(t, "digitsnet", m.Model)
	require.InDelta(t, accuracyIn(t, "digits"), got["accuracy"], 5e-5, "what training saw at its end")
}

func accuracyIn(t *testing.T, file string) (accuracy float64) {
	t.Helper()
	var out bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"inspect", file}, &out, &out))
	_, rest, _ := strings.Cut(out.String(), "tutti.test_accuracy")
	_, err := fmt.Sscan(rest, &accuracy)
	require.NoError(t, err)
	return accuracy
}

// TestPredict writes each format, from each, and wants the rows in order with the right classes.
func TestPredict(t *testing.T) {
	dir := t.TempDir()
	trainedFlowers(t, dir)
	_, errs, code := here(t, dir, "data", "convert", "flowers.csv", "in.parquet", "--columns", "colour,height,id,width")
	require.Zero(t, code, errs)
	var first *table.Rows
	for _, to := range []string{"a.csv", "b.jsonl", "c.parquet", "d.tsv"} {
		out, errs, code := here(t, dir, "predict", "model", "in.parquet", to, "--keep", "id", "--part", "70", "--batch", "16")
		require.Zero(t, code, errs)
		require.Equal(t, fmt.Sprintf("300 rows of 3 columns written to %s\n", to), out)
		rows := rowsIn(t, to)
		require.Equal(t, []string{"id", "prediction", "probability"}, rows.Schema().Names())
		for i := range rows.N {
			require.Equal(t, int64(i), rows.Columns[0].Ints[i])
			require.Equal(t, []string{"rose", "iris", "lily"}[i%3], string(rows.Columns[1].Bytes(i)), "row %d", i)
		}
		if first == nil {
			first = rows
		}
		require.Equal(t, first.At(17)[:2], rows.At(17)[:2])
		require.NoFileExists(t, to+".parts")
	}
	for _, ranks := range []string{"1", "3"} {
		_, errs, code := here(t, dir, "predict", "model", "flowers.csv", "e.csv", "--keep", "id", "--part", "70",
			"--batch", "16", "--ranks", ranks)
		require.Zero(t, code, errs)
		require.Equal(t, read(t, "a.csv"), read(t, "e.csv"), "%s ranks", ranks)
	}

	_, errs, code = here(t, dir, "predict", "model", "flowers.csv", "f.jsonl", "--keep", "", "--probabilities",
		"--prefix", "my_")
	require.Zero(t, code, errs)
	rows := rowsIn(t, "f.jsonl")
	require.Equal(t, []string{"my_prediction", "my_probability", "my_probability_iris", "my_probability_lily",
		"my_probability_rose"}, rows.Schema().Names())
	for i := range rows.N {
		sum := rows.Columns[2].Floats[i] + rows.Columns[3].Floats[i] + rows.Columns[4].Floats[i]
		require.InDelta(t, 1, sum, 1e-6)
		require.Equal(t, rows.Columns[1].Floats[i], max(rows.Columns[2].Floats[i], rows.Columns[3].Floats[i], rows.Columns[4].Floats[i]))
	}

	_, errs, code = here(t, dir, "predict", "model", "flowers.csv", "parquet:scores/", "--part", "100")
	require.Zero(t, code, errs)
	require.Equal(t, []string{"_SUCCESS", "_manifest.json", "part-000000.parquet", "part-000001.parquet",
		"part-000002.parquet"},
		files(t, filepath.Join(dir, "scores")))
	require.Equal(t, 300, rowsIn(t, "scores").N)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

// TestPredictTasks predicts a number, a yes or no, and words.
func TestPredictTasks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "flowers.csv", flowers(90))
	write(t, dir, "bits.csv", "a,b,label\n0,0,false\n0,1,true\n1,0,true\n1,1,true\n")
	write(t, dir, "words.jsonl", strings.Repeat("{\"text\":[0,1,2],\"label\":[1,2,0]}\n", 8))
	for _, c := range []struct {
		train  []string
		data   string
		types  string
		values []any // of the first row
	}{
		{[]string{"--target", "weight", "--inputs", "width"}, "flowers.csv", "[float32]", nil},
		{[]string{"--task", "binary", "--holdout", "0", "--lr", "0.1", "--epochs", "30"}, "bits.csv",
			"[bool float32]", []any{false}},
		{[]string{"--categories", "text,label", "--holdout", "0", "--model", "lstm", "--model-set", "features=8",
			"--model-set", "layers=1", "--lr", "0.05",
			"--epochs", "30"}, "words.jsonl", "[list<int64>]", []any{[]any{int64(1), int64(2), int64(0)}}},
	} {
		_, errs, code := here(t, dir, append([]string{"train", "--data", c.data, "--out", "model"}, c.train...)...)
		require.Zero(t, code, errs)
		_, errs, code = here(t, dir, "predict", "model", c.data, "out.parquet", "--keep", "")
		require.Zero(t, code, errs)
		rows := rowsIn(t, "out.parquet")
		var types []table.Type
		for _, f := range rows.Schema() {
			types = append(types, f.Type)
		}
		require.Equal(t, c.types, fmt.Sprint(types))
		for i, v := range c.values {
			require.Equal(t, v, rows.At(0)[i], c.data)
		}
	}
}

// TestPredictGoesOn interrupts a prediction, goes on, and wants the bytes of one that never stopped.
func TestPredictGoesOn(t *testing.T) {
	dir := t.TempDir()
	trainedFlowers(t, dir)
	args := func(out string) []string {
		return []string{"predict", "model", "flowers.csv", out, "--part", "2", "--batch", "1"}
	}
	_, errs, code := here(t, dir, args("whole.csv")...)
	require.Zero(t, code, errs)

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if parts, _ := filepath.Glob(filepath.Join(dir, "cut.csv.parts", "part-*")); len(parts) >= 3 {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var out, stderr bytes.Buffer
	code = run(ctx, args("cut.csv"), &out, &stderr)
	cancel()
	<-done
	require.Equal(t, exitInterrupted, code, stderr.String())
	require.Contains(t, stderr.String(), "cut.csv.parts, and the same command goes on from there")
	require.NoFileExists(t, "cut.csv")

	_, errs, code = here(t, dir, "predict", "model", "flowers.csv", "cut.csv", "--part", "3", "--batch", "1")
	require.Equal(t, 2, code)
	require.Contains(t, errs,
		"cut.csv.parts is of another prediction: its part is 2, this one's 3; remove it to begin anew")
	said, errs, code := here(t, dir, args("cut.csv")...)
	require.Zero(t, code, errs)
	require.Regexp(t, `written to cut.csv, \d+ of 150 parts found done`, said)
	require.Equal(t, read(t, "whole.csv"), read(t, "cut.csv"))
	require.NoFileExists(t, "cut.csv.parts")
}

func TestPredictErrors(t *testing.T) {
	dir := t.TempDir()
	trainedFlowers(t, dir)
	write(t, dir, "tulips.csv", strings.ReplaceAll(flowers(6), "white", "pink"))
	write(t, dir, "narrow.csv", "height,colour\n1,red\n")
	write(t, dir, "busy/file", "")
	m, err := loadModel("model")
	require.NoError(t, err)
	m.Version = 2
	text, err := json.Marshal(m.recipe)
	require.NoError(t, err)
	require.NoError(t, layers.Save("newer", m.model, map[string]string{metaKey: string(text)}))
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"evaluate", "flowers.csv", "flowers.csv"}, "flowers.csv", 1},
		{[]string{"evaluate", "nothing", "flowers.csv"}, "nothing", 1},
		{[]string{"evaluate", "newer", "flowers.csv"}, "newer: tutti.recipe: version 2, this program knows 1 to 1", 1},
		{[]string{"evaluate", "model", "narrow.csv"}, `narrow.csv: no column "width" among`, 1},
		{[]string{"predict", "model", "narrow.csv", "a.csv"}, `narrow.csv: no column "width" among`, 1},
		{[]string{"predict", "model", "tulips.csv", "a.csv"},
			`tulips.csv: column "colour", row 2: label "pink" is none of the 3 ClassNames`, 1},
		{[]string{"predict", "model", "flowers.csv", "a.xls"}, "a.xls: in which format, its ending does not say", 2},
		{[]string{"predict", "model", "flowers.csv", "flowers.csv"}, "flowers.csv and flowers.csv are one file", 2},
		{[]string{"predict", "model", "flowers.csv", "a.csv", "--keep", "nmae"}, "--keep: flowers.csv: no column", 2},
		{[]string{"predict", "model", "flowers.csv", "no/a.csv"}, "no/a.csv", 1},
		{[]string{"predict", "model", "flowers.csv", "csv:busy/"}, "busy/: there is something else in it, file for one", 2},
		{[]string{"predict", "model", "flowers.csv", "a.csv", "--part", "-1"}, "--part -1, want at least 1", 2},
	} {
		_, errs, code := here(t, dir, c.args...)
		require.Contains(t, errs, c.want, "%q", c.args)
		require.Equal(t, c.code, code, "%q: %s", c.args, errs)
		require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
	}
}

// FuzzParseRecipe wants an error, or a recipe whose model is one that may be made.
func FuzzParseRecipe(f *testing.F) {
	f.Add(`{"version":1,"model":"mlp","options":{"hidden":"16"},"columns":{"task":"classification","inputs":[{"name":"x","from":["a"],"shape":[1]}],` +
		`"target":{"name":"y","from":["y"],"classes":2,"class_names":["a","b"]}}}`)
	f.Add(`{"version":1,"columns":{"task":"binary","inputs":[{"name":"x","from":["a"],"shape":[3],"mean":[0,0,0],"std":[1,1,1]}],"target":{"name":"y","from":["y"]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRecipe(text)
		if err != nil {
			return
		}
		r.Layout.config(true)
		if d := r.Layout.data(); d.Outputs < 0 || len(d.Columns) == 0 {
			t.Fatalf("%+v", d)
		}
	})
}
