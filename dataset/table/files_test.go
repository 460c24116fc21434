package table

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
)

func folder(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, n := range names {
		m[n] = &fstest.MapFile{Data: []byte(n)}
	}
	return m
}

func TestFiles(t *testing.T) {
	spark := folder("out/_SUCCESS", "out/._SUCCESS.crc", "out/part-00001.csv", "out/part-00000.csv",
		"out/.part-00000.csv.crc",
		"out/_temporary/0/part-9.csv")
	hive := folder("h/dt=2026-01-02/part-0", "h/dt=2026-01-01/part-1", "h/dt=2026-01-01/part-0", "h/_SUCCESS",
		"h/dt=2026-01-01/_x=1/part-7")
	delete(hive, "h/dt=2026-01-01/_x=1/part-7")
	for _, c := range []struct {
		name string
		fsys fs.FS
		path string
		want []File
	}{
		{"one file", spark, "out/part-00001.csv", []File{{Name: "out/part-00001.csv"}}},
		{"one hidden file, by its name", spark, "out/_SUCCESS", []File{{Name: "out/_SUCCESS"}}},
		{"folder of Spark's", spark, "out", []File{{Name: "out/part-00000.csv"}, {Name: "out/part-00001.csv"}}},
		{"pattern", spark, "out/part-*1.csv", []File{{Name: "out/part-00001.csv"}}},
		{"folder of Hive's", hive, "h", []File{
			{"h/dt=2026-01-01/part-0", []Part{{Column: "dt", Value: "2026-01-01"}}},
			{"h/dt=2026-01-01/part-1", []Part{{Column: "dt", Value: "2026-01-01"}}},
			{"h/dt=2026-01-02/part-0", []Part{{Column: "dt", Value: "2026-01-02"}}}}},
		{"pattern of folders", hive, "h/dt=*", []File{
			{"h/dt=2026-01-01/part-0", []Part{{Column: "dt", Value: "2026-01-01"}}},
			{"h/dt=2026-01-01/part-1", []Part{{Column: "dt", Value: "2026-01-01"}}},
			{"h/dt=2026-01-02/part-0", []Part{{Column: "dt", Value: "2026-01-02"}}}}},
		{"nested columns, escaped, null", folder("h/a=1%2F2%zz/_b=__HIVE_DEFAULT_PARTITION__/f"), "h", []File{
			{"h/a=1%2F2%zz/_b=__HIVE_DEFAULT_PARTITION__/f", []Part{{Column: "a", Value: "1/2%zz"},
				{Column: "_b", Value: hiveNull, Null: true}}}}},
		{"a name that looks like a pattern", folder("a[1].csv", "a1.csv"), "a[1].csv", []File{{Name: "a[1].csv"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Files(c.fsys, c.path)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	for _, c := range []struct {
		name, path, want string
		fsys             fs.FS
		is               error
	}{
		{"missing", "x.csv", "dataset: open x.csv: file does not exist", spark, fs.ErrNotExist},
		{"pattern without files", "out/*.json", "dataset: out/*.json: no file matches: file does not exist", spark,
			fs.ErrNotExist},
		{"bad pattern", "out/[", "dataset: out/[: syntax error in pattern", spark, nil},
		{"folder without files", "out", "dataset: out: there are no files in it: file does not exist",
			folder("out/_SUCCESS"), fs.ErrNotExist},
		{"mixed columns", "h",
			`dataset: h/b=1/f: lies in folders that give the columns ["b"], h/a=1/f in folders that give ["a"]`,
			folder("h/a=1/f", "h/b=1/f"), dataset.ErrFormat},
		{"column twice", "h", `dataset: h/a=1/a=2: a folder within gives the column "a" once more`, folder("h/a=1/a=2/f"),
			dataset.ErrFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Files(c.fsys, c.path)
			require.EqualError(t, err, c.want)
			if c.is != nil {
				assert.ErrorIs(t, err, c.is)
			}
		})
	}
}

// OS takes paths as a caller writes them.
func TestOS(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.csv"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.csv"), nil, 0o644))
	slash := filepath.ToSlash(dir)
	for _, path := range []string{slash, slash + "/*.csv"} {
		got, err := Files(OS(), path)
		require.NoError(t, err)
		assert.Equal(t, []File{{Name: slash + "/a.csv"}, {Name: slash + "/b.csv"}}, got)
	}
}

// Types of the columns that folders' names give, over all files.
func TestPartFields(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   Type
	}{
		{[]string{"1", "-20"}, Type{Kind: Int}}, {[]string{"01", "02"}, Type{Kind: Text}}, {[]string{"2026-01-01"},
			Type{Kind: Time, Unit: Day}},
		{[]string{"1", "2026-01-01"}, Type{Kind: Text}}, {[]string{"0.5", "1"}, Type{Kind: Float64}}, {[]string{"1e400"},
			Type{Kind: Text}},
		{[]string{"NaN"}, Type{Kind: Text}}, {[]string{"9223372036854775808"}, Type{Kind: Text}}, {[]string{"0x10"},
			Type{Kind: Text}},
		{[]string{"00.5"}, Type{Kind: Text}}, {[]string{hiveNull}, Type{Kind: Text}}, {[]string{hiveNull, "7"},
			Type{Kind: Int}},
	} {
		var files []File
		null := false
		for _, v := range c.values {
			files = append(files, File{Parts: []Part{{"p", v, v == hiveNull}}})
			null = null || v == hiveNull
		}
		assert.Equal(t, []Field{{"p", c.want, null}}, partFields(files), "%q", c.values)
	}
}
