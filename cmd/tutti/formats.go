package main

// The formats of files, by their names and endings: what train, evaluate, predict and data read and write.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/dataset/arrow"
	"github.com/tutti-ml/tutti/dataset/csv"
	"github.com/tutti-ml/tutti/dataset/jsonl"
	"github.com/tutti-ml/tutti/dataset/libsvm"
	"github.com/tutti-ml/tutti/dataset/npy"
	"github.com/tutti-ml/tutti/dataset/parquet"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/internal/nearest"
)

// format is one way in which a table lies in files.
type format struct {
	name    string
	endings []string
	options []string // that open takes
	open    func(ctx context.Context, fsys fs.FS, name string, o readOptions) (table.Table, error)
	write   writeFunc // nil: it is only read
	// bare is write without what stands at the head of a file, for a format whose files may be put one after the other
	// as they are; nil for others.
	bare writeFunc
}

// writeFunc begins a table in w, for a file of that name.
type writeFunc func(w io.Writer, name string, s table.Schema) (table.Writer, error)

// formats lists them. To add one is to add a row.
var formats = []format{
	{
		name: "csv", endings: []string{".csv", ".tsv", ".tab"}, options: csvOptions, open: openCSV,
		write: writeCSV(false), bare: writeCSV(true),
	},
	{
		name: "jsonl", endings: []string{".jsonl", ".ndjson"},
		open: func(ctx context.Context, fsys fs.FS, name string, o readOptions) (table.Table, error) {
			return jsonl.Open(ctx, fsys, name, jsonl.Config{Types: o.types})
		},
		write: writeJSONL, bare: writeJSONL,
	},
	{
		name: "parquet", endings: []string{".parquet", ".pq"}, options: []string{"skip-unsupported", "binary-as-text"},
		open: func(_ context.Context, fsys fs.FS, name string, o readOptions) (table.Table, error) {
			return parquet.Open(fsys, name, &parquet.Config{
				SkipUnsupported: o.flags["skip-unsupported"], BinaryAsText: o.flags["binary-as-text"],
			})
		},
		write: func(w io.Writer, _ string, s table.Schema) (table.Writer, error) { return parquet.NewWriter(w, s, nil) },
	},
	{
		name: "arrow", endings: []string{".arrow", ".arrows", ".feather"},
		options: []string{"skip-unsupported", "pandas-index"},
		open: func(ctx context.Context, fsys fs.FS, name string, o readOptions) (table.Table, error) {
			return arrow.Open(ctx, fsys, name, arrow.Config{
				SkipUnsupported: o.flags["skip-unsupported"], PandasIndex: o.flags["pandas-index"],
			})
		},
		write: func(w io.Writer, name string, s table.Schema) (table.Writer, error) {
			return arrow.NewWriter(w, s, arrow.WriteConfig{Stream: strings.ToLower(path.Ext(name)) == ".arrows"})
		},
	},
	{
		name: "libsvm", endings: []string{".libsvm", ".svm", ".svmlight"}, options: []string{"features"},
		open: func(ctx context.Context, fsys fs.FS, name string, o readOptions) (table.Table, error) {
			return libsvm.Open(ctx, fsys, name, libsvm.Config{Features: o.features})
		},
	},
	{name: "images", options: []string{"skip-others"}, open: openImages},
	{
		name: "npy", endings: []string{".npy", ".npz"},
		open: func(_ context.Context, fsys fs.FS, name string, _ readOptions) (table.Table, error) {
			m, err := npy.Open(fsys, name, npy.Config{})
			if err != nil {
				return nil, err
			}
			return sampleTable(m)
		},
	},
}

var csvOptions = []string{"comma", "comment", "header", "missing", "decimal-comma", "thousands"}

func openCSV(ctx context.Context, fsys fs.FS, name string, o readOptions) (table.Table, error) {
	return csv.Open(ctx, fsys, name, csv.Config{
		Comma: o.comma, Comment: o.comment, NoHeader: o.noHeader, Types: o.types, Missing: o.missing,
		DecimalComma: o.flags["decimal-comma"], Thousands: o.thousands,
	})
}

func writeCSV(bare bool) writeFunc {
	return func(w io.Writer, name string, s table.Schema) (table.Writer, error) {
		c := csv.Config{NoHeader: bare}
		if ending := strings.ToLower(path.Ext(name)); ending == ".tsv" || ending == ".tab" {
			c.Comma = '\t'
		}
		return csv.NewWriter(w, s, c)
	}
}

func writeJSONL(w io.Writer, _ string, s table.Schema) (table.Writer, error) {
	return jsonl.NewWriter(w, s)
}

// endings lists what names of files end in, for help texts: only those that can be written if written is set.
func endings(written bool) string {
	var all []string
	for _, f := range formats {
		if f.write != nil || !written {
			all = append(all, f.endings...)
		}
	}
	return strings.Join(all, ", ")
}

func formatByName(name string) *format {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i]
		}
	}
	return nil
}

func formatByEnding(file string) *format {
	ending := strings.ToLower(path.Ext(file))
	for i := range formats {
		if slices.Contains(formats[i].endings, ending) {
			return &formats[i]
		}
	}
	return nil
}

// cutFormat cuts a format's name off the front of what a user wrote, as in parquet:part-0001. There is none in most.
func cutFormat(text string) (name string, f *format) {
	if front, rest, ok := strings.Cut(text, ":"); ok {
		if f := formatByName(front); f != nil {
			return rest, f
		}
	}
	return text, nil
}

// openTable opens what a user wrote: a file, a pattern or a folder, whose format the endings of its files say, or a
// format's name before it.
func openTable(ctx context.Context, text string, o readOptions) (table.Table, error) {
	name, f := cutFormat(text)
	name = filepath.ToSlash(name)
	if f == nil {
		files, err := table.Files(table.OS(), name)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			g := formatByEnding(file.Name)
			switch {
			case g == nil:
				return nil, usageError{fmt.Errorf("%s: what is in it, its ending does not say: want one of %s, or the "+
					"format before the name, as in csv:%s", file.Name, endings(false), name)}
			case f != nil && f != g:
				return nil, usageError{fmt.Errorf("%s: %s is %s, and %s is %s: want files of one format", name,
					files[0].Name, f.name, file.Name, g.name)}
			}
			f = g
		}
	}
	if err := o.fit(f); err != nil {
		return nil, err
	}
	return f.open(ctx, table.OS(), name, o)
}

// tableFile is a file that a table is written to. It takes its name when it is closed.
type tableFile struct {
	table.Writer
	file *table.Pending
}

// createTable begins a file of the format that its name's ending, or a format's name before it, says.
func createTable(text string, s table.Schema) (*tableFile, error) {
	name, f, err := written(text)
	if err != nil {
		return nil, err
	}
	return createFile(name, s, f.write)
}

func createFile(name string, s table.Schema, write writeFunc) (*tableFile, error) {
	file, err := table.Create(name)
	if err != nil {
		return nil, err
	}
	w, err := write(file, name, s)
	if err != nil {
		file.Abort()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &tableFile{w, file}, nil
}

// Close completes the file.
func (t *tableFile) Close() error {
	if err := t.Writer.Close(); err != nil {
		t.file.Abort()
		return err
	}
	return t.file.Close()
}

// Abort gives the file up; what was under its name stays. After Close it does nothing.
func (t *tableFile) Abort() { t.file.Abort() }

// written returns the path and the format of a file that a user wants written.
func written(text string) (name string, f *format, err error) {
	if name, f = cutFormat(text); f == nil {
		f = formatByEnding(name)
	}
	switch {
	case f == nil:
		return name, nil, usageError{fmt.Errorf("%s: in which format, its ending does not say: want one of %s", name,
			endings(true))}
	case f.write == nil:
		return name, nil, usageError{fmt.Errorf("%s: files of format %s are only read: want one of %s", name, f.name,
			endings(true))}
	}
	return name, f, nil
}

// readOptions say how files are read, where the files do not say it.
type readOptions struct {
	given     []string // the names of those that were given
	comma     byte
	comment   byte
	thousands byte
	noHeader  bool
	missing   []string
	features  int
	flags     map[string]bool
	types     map[string]table.Type // of columns
}

// readHelp describes --read.
const readHelp = "how files are read: comma=';', comment='#', header=false, missing=NA, decimal-comma=true, " +
	"thousands=. and " +
	"type.COLUMN=text of CSV (type. also of JSON Lines), features=N of LIBSVM, skip-unsupported=true of " +
	"Parquet and Arrow, binary-as-text=true of Parquet, pandas-index=true of Arrow, skip-others=true of images; repeatable"

// parseRead reads the values of --read.
func parseRead(list []string) (readOptions, error) {
	o := readOptions{flags: map[string]bool{}, types: map[string]table.Type{}}
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return o, usageError{fmt.Errorf("--read %q, want NAME=VALUE", text)}
		}
		if err := o.set(key, value); err != nil {
			return o, usageError{fmt.Errorf("--read %q: %w", text, err)}
		}
	}
	return o, nil
}

func (o *readOptions) set(key, value string) (err error) {
	if column, ok := strings.CutPrefix(key, "type."); ok {
		o.types[column], err = parseType(value)
		return err
	}
	o.given = append(o.given, key)
	switch key {
	case "comma":
		o.comma, err = oneByte(value)
	case "comment":
		o.comment, err = oneByte(value)
	case "thousands":
		o.thousands, err = oneByte(value)
	case "missing":
		o.missing = append(o.missing, value)
	case "header":
		var header bool
		header, err = truth(value)
		o.noHeader = !header
	case "features":
		if o.features, err = strconv.Atoi(value); err != nil || o.features < 1 {
			err = errors.New("want a whole number from 1")
		}
	case "decimal-comma", "skip-unsupported", "binary-as-text", "pandas-index", "skip-others":
		o.flags[key], err = truth(value)
	default:
		var known []string
		for _, f := range formats {
			for _, option := range f.options {
				if !slices.Contains(known, option) {
					known = append(known, option)
				}
			}
		}
		err = fmt.Errorf("there is no %q, the nearest is %q of %s", key, nearest.Name(key, known), strings.Join(known, ", "))
	}
	return err
}

// fit refuses options that the format has not.
func (o readOptions) fit(f *format) error {
	for _, name := range o.given {
		if !slices.Contains(f.options, name) {
			return usageError{fmt.Errorf("--read %s= has no effect: the files are %s, which takes %s", name, f.name,
				cmp.Or(strings.Join(f.options, ", "), "none"))}
		}
	}
	if len(o.types) > 0 && f.name != "csv" && f.name != "jsonl" {
		return usageError{fmt.Errorf("--read type.COLUMN= has no effect: %s files say their types", f.name)}
	}
	return nil
}

func oneByte(value string) (byte, error) {
	if value == `\t` {
		return '\t', nil
	}
	if len(value) != 1 {
		return 0, errors.New("want one ASCII character")
	}
	return value[0], nil
}

func truth(value string) (bool, error) {
	v, err := strconv.ParseBool(value)
	if err != nil {
		return false, errors.New("want true or false")
	}
	return v, nil
}

// typeNames are the types that --read type.COLUMN= takes.
var typeNames = map[string]table.Type{
	"bool": {Kind: table.Bool}, "int": {Kind: table.Int}, "float": {Kind: table.Float64}, "text": {Kind: table.Text},
	"date": {Kind: table.Time, Unit: table.Day}, "time": {Kind: table.Time, Unit: table.Microsecond},
}

func parseType(name string) (table.Type, error) {
	t, ok := typeNames[name]
	if !ok {
		return t, errors.New("want bool, int, float, text, date or time")
	}
	return t, nil
}
