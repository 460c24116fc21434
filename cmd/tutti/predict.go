package main

// tutti predict: a file of predictions from a file of data.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/train"
)

// predictOptions are the flags of tutti predict.
type predictOptions struct {
	rankOptions
	read          []string
	keep          []string
	keepSet       bool
	prefix        string
	probabilities bool
	batch, part   int
}

func predictCommand() *cobra.Command {
	var o predictOptions
	cmd := &cobra.Command{
		Use:   "predict MODEL IN OUT",
		Short: "Write what a model that tutti train wrote predicts for each row of a file",
		Long: `Predict reads IN as the model's training data was read, needs no target column, and writes a row for each row
of IN, in its order: the columns kept, "prediction" and, of classes and of yes or no, "probability", that of the prediction or of yes.
OUT is a file (` + endings(true) + `), or a folder of parts if it ends in /, as in parquet:scores/.

Ranks share the rows, part by part; the bytes written do not depend on their number. Parts that are done stay beside OUT,
in OUT.parts, until all are: after an interrupt the same command goes on with the others.`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.keepSet = cmd.Flags().Changed("keep")
			return o.predict(cmd.Context(), cmd.OutOrStdout(), args[0], args[1], args[2])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	readFlag(cmd, &o.read)
	f.StringSliceVar(&o.keep, "keep", nil,
		"columns of IN to write too; --keep '' for none (default: all but lists and bytes)")
	f.StringVar(&o.prefix, "prefix", "", "what the names of the columns of predictions begin with")
	f.BoolVar(&o.probabilities, "probabilities", false, "a column with the probability of each class, too")
	countVar(f, &o.batch, "batch", 256, "samples at a time")
	f.IntVar(&o.part, "part", 0, "rows of a part (default: a 64th of them, from 4096 to 262144)")
	o.rankOptions.flags(f)
	return cmd
}

// prediction is one run of tutti predict.
type prediction struct {
	*predictOptions
	model     *trained
	predictor *train.Predictor
	in        table.Table
	src       dataset.Source
	rows      int
	keep      []int // columns of in
	format    *format
	out       string
	folder    string // of parts
	schema    table.Schema
	done      int  // parts that were there
	begun     bool // rank 0 is in this process, and has its folder
}

const manifestName = "_manifest.json"

// manifest says what the parts in a folder are of. All of it must be as it was for a prediction to go on.
type manifest struct {
	Version int      `json:"version"`
	Model   string   `json:"model"` // CRC-32C of the file
	In      string   `json:"in"`
	Files   string   `json:"input"` // how many files In is, their size, and when they were written
	Read    []string `json:"read"`
	Rows    int      `json:"rows"`
	Part    int      `json:"part"`
	Batch   int      `json:"batch"`
	Format  string   `json:"format"`
	Columns []string `json:"columns"` // of the output, with their types
}

func (o *predictOptions) predict(ctx context.Context, out io.Writer, file, in, to string) (err error) {
	for what, name := range map[string]string{"MODEL": file, "IN": in, "OUT": to} {
		if err := plainName(what, name); err != nil {
			return err
		}
	}
	if o.part < 0 {
		return usageError{fmt.Errorf("--part %d, want at least 1", o.part)}
	}
	p := &prediction{predictOptions: o}
	if p.model, err = loadModel(file); err != nil {
		return err
	}
	if p.predictor, err = train.NewPredictor(p.model.model, train.PredictorOptions{}); err != nil {
		return err
	}
	if err := p.open(ctx, in, to); err != nil {
		return err
	}
	defer p.in.Close()
	sum, err := checksum(file)
	if err != nil {
		return err
	}
	m := manifest{2, sum, in, stateOf(in), append([]string{}, o.read...), p.rows, o.part, o.batch, p.format.name, nil}
	for _, f := range p.schema {
		m.Columns = append(m.Columns, f.Name+" "+f.Type.String())
	}
	err = o.run(ctx, func(ctx context.Context, g *collectives.Group) error { return p.rank(ctx, g, m) })
	if err != nil {
		if errors.Is(err, context.Canceled) {
			err = fmt.Errorf("interrupted; what is done is in %s, and the same command goes on from there: %w", p.folder, err)
		}
		p.forget()
		return p.model.Layout.hint(err)
	}
	if !p.begun {
		return nil // another process has rank 0, which speaks for all
	}
	fmt.Fprintf(out, "%d rows of %s written to %s", p.rows, count(len(p.schema), "column"), to)
	if p.done > 0 {
		fmt.Fprintf(out, ", %d of %s found done", p.done, count(p.parts(), "part"))
	}
	fmt.Fprintln(out)
	return nil
}

// open opens the input and decides what the output looks like.
func (p *prediction) open(ctx context.Context, in, to string) (err error) {
	folder := strings.HasSuffix(to, "/")
	if p.out, p.format, err = written(to); err != nil {
		return err
	}
	if err := apart(in, p.out); err != nil {
		return err
	}
	if p.folder = p.out + ".parts"; folder {
		p.folder, p.out = p.out, ""
	}
	if p.in, err = openFiles(ctx, in, p.read); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			p.in.Close()
		}
	}()
	if p.src, err = p.model.Layout.open(ctx, p.in, false); err != nil {
		return err
	}
	p.rows = p.src.Len()
	if p.part == 0 {
		p.part = min(max(p.rows/64, 1<<12), 1<<18)
	}
	fields := p.in.Schema()
	for i, f := range fields {
		if !p.keepSet && f.Type.Kind != table.List && f.Type.Kind != table.Binary {
			p.keep = append(p.keep, i)
		}
	}
	for _, name := range p.predictOptions.keep {
		if name == "" {
			continue
		}
		at, err := fields.Find(name)
		if err != nil {
			return usageError{fmt.Errorf("--keep: %s: %w", in, err)}
		}
		p.keep = append(p.keep, at)
	}
	p.schema = append(fields.Pick(p.keep), p.fields()...)
	if err := p.schema.Check(); err != nil {
		return usageError{fmt.Errorf("%s: %w: give --prefix, or --keep without it", to, err)}
	}
	w, err := p.format.write(io.Discard, "", p.schema) // whether it can be written at all
	if err == nil {
		err = w.Close()
	}
	return err
}

func (p *prediction) parts() int { return (p.rows + p.part - 1) / p.part }

// partName is the file of a part.
func (p *prediction) partName(i int) string {
	ending := p.format.endings[0]
	if own := filepath.Ext(p.out); formatByEnding(p.out) == p.format {
		ending = own
	}
	return filepath.Join(p.folder, fmt.Sprintf("part-%06d%s", i, ending))
}

// rank does a rank's part of the work; rank 0 also what comes before and after.
func (p *prediction) rank(ctx context.Context, g *collectives.Group, m manifest) error {
	err := together(ctx, g, func() error {
		err := p.begin(m)
		p.begun = err == nil
		return err
	})
	if err != nil {
		return err
	}
	for i := g.Rank(); i < p.parts(); i += g.Size() {
		if _, err := os.Stat(p.partName(i)); err == nil {
			continue
		}
		if err := p.writePart(ctx, i); err != nil {
			return err
		}
	}
	if err := collectives.Barrier(collectives.Patiently(ctx), g); err != nil {
		return err
	}
	return together(ctx, g, func() error { return p.end(ctx) })
}

// together runs fn on rank 0, and ends the others if it fails.
func together(ctx context.Context, g *collectives.Group, fn func() error) error {
	failed := []uint8{0}
	var err error
	if g.Rank() == 0 {
		if err = fn(); err != nil {
			failed[0] = 1
		}
	}
	told := collectives.Broadcast(collectives.Patiently(context.WithoutCancel(ctx)), g, failed, 0)
	switch {
	case err != nil:
		return err
	case told != nil:
		return told
	case failed[0] != 0:
		return rankZeroFailed{}
	}
	return nil
}

// rankZeroFailed is what other ranks know of an error of rank 0, whose own is told.
type rankZeroFailed struct{}

func (rankZeroFailed) Error() string { return "rank 0 failed" }
func (rankZeroFailed) OfRank() int   { return 0 }

// begin makes the folder of parts, or finds that what is in it is of this very prediction.
func (p *prediction) begin(m manifest) error {
	if p.out != "" {
		if err := atomicfile.Check(p.out); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(p.folder, 0o777); err != nil {
		return err
	}
	file := filepath.Join(p.folder, manifestName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(p.folder)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			return usageError{fmt.Errorf("%s: there is something else in it, %s for one", p.folder, entries[0].Name())}
		}
		return atomicfile.Write(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(m) })
	}
	if err != nil {
		return err
	}
	var before manifest
	if err := json.Unmarshal(text, &before); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	was, is := reflect.ValueOf(before), reflect.ValueOf(m)
	for i := range was.NumField() {
		if a, b := was.Field(i).Interface(), is.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			return usageError{fmt.Errorf("%s is of another prediction: its %s is %v, this one's %v; remove it to begin anew",
				p.folder, was.Type().Field(i).Tag.Get("json"), a, b)}
		}
	}
	for i := range p.parts() {
		if _, err := os.Stat(p.partName(i)); err == nil {
			p.done++
		}
	}
	return nil
}

// forget takes the folder of a failed prediction away if no part is done, so that it is in nobody's way.
func (p *prediction) forget() {
	if !p.begun || p.out == "" {
		return
	}
	if entries, err := os.ReadDir(p.folder); err == nil && len(entries) == 1 && entries[0].Name() == manifestName {
		os.Remove(filepath.Join(p.folder, manifestName)) // what stays is said by the next prediction
		os.Remove(p.folder)
	}
}

// stateOf says what files a name stands for now: parts of what they were before belong to another prediction. It is ""
// of what is no file.
func stateOf(in string) string {
	name, _ := cutFormat(in)
	files, err := table.Files(table.OS(), filepath.ToSlash(name))
	if err != nil {
		return ""
	}
	var size int64
	var last time.Time
	for _, f := range files {
		info, err := os.Stat(filepath.FromSlash(f.Name))
		if err != nil {
			return ""
		}
		size += info.Size()
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return fmt.Sprintf("%s of %d bytes, %s", count(len(files), "file"), size, last.UTC().Format(time.RFC3339Nano))
}

// writePart predicts the rows of a part and writes its file, all of it or nothing.
func (p *prediction) writePart(ctx context.Context, i int) error {
	write := p.format.write
	if p.format.bare != nil && p.out != "" {
		write = p.format.bare // to be put one after the other
	}
	w, err := createFile(p.partName(i), p.schema, write)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := p.score(ctx, w, i*p.part, min((i+1)*p.part, p.rows)); err != nil {
		return err
	}
	return w.Close()
}

// end makes the output of the parts and takes them away; a folder is marked as complete.
func (p *prediction) end(ctx context.Context) error {
	if p.out == "" {
		return os.WriteFile(filepath.Join(p.folder, "_SUCCESS"), nil, 0o666)
	}
	if err := p.join(ctx); err != nil {
		return err
	}
	for i := range p.parts() {
		if err := os.Remove(p.partName(i)); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(p.folder, manifestName)); err != nil {
		return err
	}
	return os.Remove(p.folder)
}

// join writes the output from the parts: texts as they are, other formats row by row.
func (p *prediction) join(ctx context.Context) error {
	if p.format.bare == nil || p.rows == 0 {
		w, err := createFile(p.out, p.schema, p.format.write)
		if err != nil {
			return err
		}
		defer w.Abort()
		for i := range p.parts() {
			if err := p.copyPart(ctx, w, i); err != nil {
				return err
			}
		}
		return w.Close()
	}
	return atomicfile.Write(p.out, func(out io.Writer) error {
		w, err := p.format.write(out, p.out, p.schema) // the head
		if err == nil {
			err = w.Close()
		}
		for i := 0; err == nil && i < p.parts(); i++ {
			err = appendFile(out, p.partName(i))
		}
		return err
	})
}

func (p *prediction) copyPart(ctx context.Context, w table.Writer, i int) error {
	t, err := p.format.open(ctx, table.OS(), filepath.ToSlash(p.partName(i)), readOptions{})
	if err != nil {
		return err
	}
	defer t.Close()
	return copyRows(ctx, w, t)
}

func appendFile(out io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(out, f)
	return err
}

// copyRows writes all rows of a table to w, which stays open.
func copyRows(ctx context.Context, w table.Writer, t table.Table) error {
	return table.Copy(ctx, openWriter{w}, t)
}

type openWriter struct{ table.Writer }

func (openWriter) Close() error { return nil }

// checksum returns the CRC-32C of a file.
func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%08x", h.Sum32()), nil
}
