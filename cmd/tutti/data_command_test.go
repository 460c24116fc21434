package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
)

// here runs a command line in this process, in dir.
func here(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Chdir(dir)
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), code
}

// write makes a file in dir.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// rowsIn reads a file as openTable does.
func rowsIn(t *testing.T, file string) *table.Rows {
	t.Helper()
	in, err := openTable(t.Context(), file, readOptions{})
	require.NoError(t, err)
	defer in.Close()
	rows, err := table.ReadAll(t.Context(), in)
	require.NoError(t, err)
	return rows
}

const pets = `name,kind,weight,born,tame
Rex,dog,30.5,2020-01-31,true
Tom,cat,4,2021-05-01,true
Isegrim,wolf,,2019-03-07,false
Lassie,dog,28,2018-12-24,true
`

// TestDataShow counts a small table by hand.
func TestDataShow(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "pets.csv", pets)
	out, errs, code := here(t, dir, "data", "show", "pets.csv", "--rows", "1")
	require.Zero(t, code, errs)
	for _, want := range []string{
		"pets.csv: 4 rows in 1 block, 5 columns\n",
		`name +text +0 +Isegrim +Tom +- +4 +3 to 7 bytes\n`,
		`weight +float64 +1 +4 +30.5 +20.8333 +3 *\n`, // (30.5 + 4 + 28)/3
		`born +time\[d\] +0 +2018-12-24 +2021-05-01 +- +4 *\n`,
		`kind: dog 2 \(50.0 %\), cat 1 \(25.0 %\), wolf 1 \(25.0 %\)\n`,
		`tame: true 3 \(75.0 %\), false 1 \(25.0 %\)\n`,
		`{"name":"Rex","kind":"dog","weight":30.5,"born":"2020-01-31","tame":true}\n$`,
	} {
		require.Regexp(t, want, out)
	}
	require.NotContains(t, out, "name: ", "a name each is no class")

	out, errs, code = here(t, dir, "data", "show", "digits/test")
	require.Zero(t, code, errs)
	require.Contains(t, out, "digits: 360 rows")
	require.Regexp(t, `x +list<float32>\[64\] +0 +0 +1 `, out)
}

// TestDataConvert goes through each format that is written, and wants the table that it began with.
func TestDataConvert(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "pets.csv", pets)
	from := "pets.csv"
	for _, to := range []string{"a.parquet", "b.jsonl", "c.tsv", "d.parquet", "e.csv"} {
		out, errs, code := here(t, dir, "data", "convert", from, to)
		require.Zero(t, code, errs)
		require.Equal(t, fmt.Sprintf("4 rows of 5 columns written to %s\n", to), out)
		from = to
	}
	text, err := os.ReadFile("e.csv")
	require.NoError(t, err)
	require.Equal(t, pets, string(text))

	_, errs, code := here(t, dir, "data", "convert", "pets.csv", "f.jsonl", "--columns", "weight,name", "--read",
		"type.weight=text")
	require.Zero(t, code, errs)
	text, err = os.ReadFile("f.jsonl")
	require.NoError(t, err)
	require.Equal(t, `{"weight":"30.5","name":"Rex"}`, strings.SplitN(string(text), "\n", 2)[0])

	write(t, dir, "days/dt=2026-01-01/part-0.csv", "x\n1\n")
	write(t, dir, "export.txt", "a;b\n1;\"2,5\"\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"days", "g.csv"}, "x,dt\n1,2026-01-01\n"},
		{[]string{"csv:export.txt", "g.csv", "--read", "comma=;", "--read", "decimal-comma=true"}, "a,b\n1,2.5\n"},
	} {
		_, errs, code = here(t, dir, append([]string{"data", "convert"}, c.args...)...)
		require.Zero(t, code, errs)
		text, err = os.ReadFile("g.csv")
		require.NoError(t, err)
		require.Equal(t, c.want, string(text))
	}
}

// TestSampleTable shows samples as a table: shapes flat, classes by their names.
func TestSampleTable(t *testing.T) {
	dir := t.TempDir()
	_, errs, code := here(t, dir, "data", "convert", "digits/test", "digits.parquet")
	require.Zero(t, code, errs)
	rows := rowsIn(t, "digits.parquet")
	require.Equal(t, 360, rows.N)
	require.Equal(t, []string{"x", "y"}, rows.Schema().Names())
	require.Len(t, rows.Columns[0].Elem.Floats32, 360*64)
}

// TestDataSplit wants each row once, the classes in proportion, and the same at every call.
func TestDataSplit(t *testing.T) {
	dir := t.TempDir()
	var csv strings.Builder
	csv.WriteString("id,class\n")
	for i := range 1000 {
		fmt.Fprintf(&csv, "%d,%s\n", i, []string{"a", "b", "b", "b"}[i%4])
	}
	write(t, dir, "all.csv", csv.String())
	split := func(train, test string, more ...string) (out string) {
		out, errs, code := here(t, dir, append([]string{"data", "split", "all.csv", train, test, "--by",
			"class"}, more...)...)
		require.Zero(t, code, errs)
		return out
	}
	require.Equal(t, "800 rows written to train.parquet, 200 to test.jsonl\n", split("train.parquet", "test.jsonl"))
	seen := map[int64]bool{}
	test := rowsIn(t, "test.jsonl")
	for _, rows := range []*table.Rows{rowsIn(t, "train.parquet"), test} {
		last, as := int64(-1), 0
		for i, id := range rows.Columns[0].Ints {
			require.Greater(t, id, last, "the order of the file")
			require.False(t, seen[id])
			seen[id], last = true, id
			if string(rows.Columns[1].Bytes(i)) == "a" {
				as++
			}
		}
		require.Equal(t, rows.N/4, as)
	}
	require.Len(t, seen, 1000)

	split("train.csv", "again.jsonl")
	require.True(t, test.Equal(rowsIn(t, "again.jsonl")), "the same draw")
	split("train.csv", "other.jsonl", "--seed", "2")
	require.False(t, test.Equal(rowsIn(t, "other.jsonl")), "another draw")
	require.Equal(t, "500 rows written to train.csv, 500 to half.csv\n", split("train.csv", "half.csv", "--fraction",
		"0.5"))
}

// TestDataErrors wants what is wrong, where, and both values.
func TestDataErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "pets.csv", pets)
	write(t, dir, "odd.dat", "x\n")
	write(t, dir, "mixed/a.csv", "x\n1\n")
	write(t, dir, "mixed/b.jsonl", "{}\n")
	write(t, dir, "bad.jsonl", "{\"a\":1}\n{\"a\":\n")
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"show", "nothing.csv"}, "stat nothing.csv", 1},
		{[]string{"show", "odd.dat"}, "odd.dat: what is in it, its ending does not say: want one of .csv", 2},
		{[]string{"show", "mixed"}, "mixed/a.csv is csv, and mixed/b.jsonl is jsonl", 2},
		{[]string{"show", "bad.jsonl"}, `bad.jsonl: column "a", row 1`, 1},
		{[]string{"show", "pets.csv", "--rows", "-1"}, "--rows -1", 2},
		{[]string{"show", "pets.csv", "--read", "coma=;"}, `there is no "coma", the nearest is "comma"`, 2},
		{[]string{"show", "pets.csv", "--read", "features=3"}, "the files are csv, which takes comma", 2},
		{[]string{"show", "pets.csv", "--read", "header=maybe"}, `--read "header=maybe": want true or false`, 2},
		{[]string{"show", "pets.csv", "--read", "type.name=int"}, `pets.csv: column "name", row 0`, 1},
		{[]string{"convert", "pets.csv", "pets.csv"}, "pets.csv and pets.csv are one file", 2},
		{[]string{"convert", "pets.csv", "pets.svm"}, "files of format libsvm are only read", 2},
		{[]string{"convert", "pets.csv", "a.csv", "--columns", "nmae"}, `did you mean "name"?`, 2},
		{[]string{"convert", "digits", "a.csv"}, `column "x" is list<float32>[64], which CSV has not`, 1},
		{[]string{"split", "pets.csv", "a.csv", "b.csv", "--fraction", "1"},
			"--fraction 1, want a number above 0 and below 1", 2},
		{[]string{"split", "pets.csv", "a.csv", "b.csv", "--by", "weight"}, "the column is float64, want integers", 2},
		{[]string{"split", "pets.csv", "a.csv", "a.csv"}, "a.csv and a.csv are one file", 2},
	} {
		_, errs, code := here(t, dir, append([]string{"data"}, c.args...)...)
		require.Contains(t, errs, c.want, "%q", c.args)
		require.Equal(t, c.code, code, "%q: %s", c.args, errs)
	}
}

// TestGiveUp leaves nothing of a file that was begun: what could not be read to its end is not written either.
func TestGiveUp(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.csv", "n,ok\n"+strings.Repeat("1,1\n", 20000))
	for _, out := range []string{"out.parquet", "out.csv", "out.jsonl"} {
		t.Chdir(dir)
		in, err := openTable(t.Context(), "in.csv", readOptions{})
		require.NoError(t, err)
		require.NoError(t, os.Truncate("in.csv", 40000))
		require.ErrorIs(t, copyTo(t.Context(), out, in), table.ErrChanged)
		in.Close()
		require.Equal(t, []string{"in.csv"}, files(t, dir), out)
		write(t, dir, "in.csv", "n,ok\n"+strings.Repeat("1,1\n", 20000))
	}
}
