package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
)

// inspectOptions are the flags of tutti inspect.
type inspectOptions struct {
	other     string
	tolerance float64
	verify    bool
}

func inspectCommand() *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "List the tensors and the metadata in a safetensors file, or compare two files",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(o.tolerance >= 0) || math.IsInf(o.tolerance, 1) {
				return usageError{fmt.Errorf("--tolerance %v, want a number from 0", o.tolerance)}
			}
			if cmd.Flags().Changed("tolerance") && o.other == "" {
				return usageError{fmt.Errorf("--tolerance needs --compare")}
			}
			if err := cmp.Or(plainName("FILE", args[0]), plainNames(cmd.Flags(), "compare")); err != nil {
				return err
			}
			return runInspect(cmd.OutOrStdout(), args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.other, "compare", "", "another file: print the largest difference between their tensors")
	cmd.Flags().Float64Var(&o.tolerance, "tolerance", 0, "with --compare: fail if the difference is larger")
	cmd.Flags().BoolVar(&o.verify, "verify", false, "read all of the file and compare it with its checksums")
	return cmd
}

func runInspect(out io.Writer, path string, o inspectOptions) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if o.verify {
		if !f.Checked() {
			return fmt.Errorf("inspect: %s has no checksums to verify", path)
		}
		if err := f.Verify(); err != nil {
			return err
		}
	}
	if o.other == "" {
		return list(out, f, o.verify)
	}
	with, err := safetensors.Open(o.other)
	if err != nil {
		return err
	}
	defer with.Close()
	return compare(out, f, with, o.tolerance)
}

// list prints what the header says: elements are not read. A million tensors are a million lines, so columns are made
// in two passes and not by a writer that keeps every cell.
func list(out io.Writer, f *safetensors.File, verified bool) error {
	const most = len("F8_E4M3FNUZ") // of the names of types
	meta := f.Meta()
	keys := slices.Sorted(maps.Keys(meta))
	width := len("checksums")
	for _, info := range f.Infos() {
		width = max(width, utf8.RuneCountInString(printable(info.Name)))
	}
	for _, key := range keys {
		width = max(width, utf8.RuneCountInString(printable(key)))
	}
	w := bufio.NewWriter(out)
	total := 0
	for _, info := range f.Infos() {
		fmt.Fprintf(w, "%-*s  %-*s  %v\n", width, printable(info.Name), most, info.Type, info.Shape)
		n, _ := tensor.Elements(info.Shape)
		total += n
	}
	fmt.Fprintf(w, "%-*s  %d elements in %d tensors\n", width, "total", total, len(f.Infos()))
	sums := "none"
	switch {
	case verified:
		sums = "verified"
	case f.Checked():
		sums = "there: --verify compares"
	}
	fmt.Fprintf(w, "%-*s  %s\n", width, "checksums", sums)
	if info, err := train.ReadCheckpointInfo(meta); info != nil && err == nil { // else it is metadata as any other
		describeCheckpoint(w, width, info)
		keys = slices.DeleteFunc(keys, func(key string) bool { return key == "tutti.checkpoint" })
	}
	for _, key := range keys {
		fmt.Fprintf(w, "%-*s  %s\n", width, printable(key), printable(meta[key]))
	}
	return w.Flush()
}

// describeCheckpoint prints how far the run had come, what it is, and how each epoch went.
func describeCheckpoint(w io.Writer, width int, info *train.CheckpointInfo) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-*s  %s\n", width, name, printable(fmt.Sprintf(format, args...)))
	}
	line("checkpoint", "after %s and %s of the next, %s of %s in all", count(info.Epoch, "epoch"), count(info.Step, "step"),
		count(int(info.OptimizerSteps), "step"), info.Optimizer)
	scores := func(m train.Metrics) string {
		text := fmt.Sprintf("loss %.4g", m.Loss)
		if m.Correct >= 0 && m.Samples > 0 {
			text += fmt.Sprintf(", accuracy %.2f %%", 100*m.Accuracy())
		}
		for _, v := range m.Values {
			if !strings.Contains(v.Name, "/") { // of the whole, not of a class
				text += fmt.Sprintf(", %s %.4g", v.Name, v.Value)
			}
		}
		return text
	}
	for _, e := range info.History {
		text := scores(e.Train)
		if e.Test.Samples > 0 {
			text += "; test " + scores(e.Test)
		}
		line(fmt.Sprintf("epoch %d", e.Epoch), "%s", text)
	}
	if info.Best > 0 {
		best := info.History[info.Best-1]
		value, _ := best.Test.Value(info.Score)
		line("best", "epoch %d: test %s %.4g", best.Epoch, info.Score, value)
	}
	for _, s := range info.Settings {
		if !strings.HasPrefix(s.Name, "Model.") { // the tensors are listed
			line(printable(s.Name), "%s", s.Value)
		}
	}
	if len(info.Sections) > 0 {
		line("also", "%s", strings.Join(info.Sections, ", "))
	}
}

// printable returns s as it is if a terminal shows it so, and otherwise quoted, with escapes: a name from a file must
// not steer the terminal, or look like another.
func printable(s string) string {
	if s == "" || visible(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// visible returns s with escapes for what a terminal would not show, but obey.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRune(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}

// compare prints the largest absolute difference between tensors of the same name, which it reads pair by pair. Files
// that do not hold the same names, types and shapes are an error, and so is a difference above tolerance.
func compare(out io.Writer, a, b *safetensors.File, tolerance float64) error {
	if len(a.Infos()) != len(b.Infos()) {
		return fmt.Errorf("inspect: the files hold %d and %d tensors", len(a.Infos()), len(b.Infos()))
	}
	others := map[string]safetensors.Info{}
	for _, info := range b.Infos() {
		others[info.Name] = info
	}
	worst, where := 0.0, "all tensors"
	for _, info := range a.Infos() {
		other, ok := others[info.Name]
		if !ok {
			return fmt.Errorf("inspect: only one file has %s", printable(info.Name))
		}
		if info.Type != other.Type || !slices.Equal(info.Shape, other.Shape) {
			return fmt.Errorf("inspect: %s is %s%v and %s%v", printable(info.Name), info.Type, info.Shape, other.Type,
				other.Shape)
		}
		x, err := a.Tensor(info.Name)
		if err != nil {
			return err
		}
		y, err := b.Tensor(info.Name)
		if err != nil {
			return err
		}
		if d := distance(x, y); d > worst {
			worst, where = d, printable(info.Name)
		}
	}
	if _, err := fmt.Fprintf(out, "largest difference %g in %s\n", worst, where); err != nil {
		return err
	}
	if worst > tolerance {
		return fmt.Errorf("inspect: %s differs by %g, more than %g", where, worst, tolerance)
	}
	return nil
}

// distance returns the largest absolute difference between elements; NaN is equal to NaN and infinitely far from all
// else.
func distance(x, y *tensor.Tensor) (worst float64) {
	p, q := tensor.Data[float64](x.Cast(tensor.Float64)), tensor.Data[float64](y.Cast(tensor.Float64))
	for i := range p {
		d := math.Abs(p[i] - q[i])
		switch {
		case p[i] == q[i] || math.IsNaN(p[i]) && math.IsNaN(q[i]):
			continue
		case math.IsNaN(d): // NaN on one side only
			d = math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}
