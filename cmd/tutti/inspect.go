package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

func inspectCommand() *cobra.Command {
	var other string
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "List the tensors and the metadata in a safetensors file, or compare two files",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			tensors, meta, err := safetensors.ReadFile(args[0])
			if err != nil {
				return err
			}
			if other == "" {
				return list(cmd.OutOrStdout(), tensors, meta)
			}
			with, _, err := safetensors.ReadFile(other)
			if err != nil {
				return err
			}
			return compare(cmd.OutOrStdout(), tensors, with, tolerance)
		},
	}
	cmd.Flags().StringVar(&other, "compare", "", "another file: print the largest difference between their tensors")
	cmd.Flags().Float64Var(&tolerance, "tolerance", 0, "with --compare: fail if the difference is larger")
	return cmd
}

func list(out io.Writer, tensors []safetensors.Named, meta map[string]string) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	total := 0
	for _, t := range tensors {
		fmt.Fprintf(w, "%s\t%v\t%v\n", t.Name, t.Tensor.DType(), t.Tensor.Shape())
		total += t.Tensor.Len()
	}
	fmt.Fprintf(w, "total\t\t%d elements in %d tensors\n", total, len(tensors))
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		fmt.Fprintf(w, "%s\t%s\n", key, meta[key])
	}
	return w.Flush()
}

// compare prints the largest absolute difference between tensors of the same name. Files that do not hold the same
// names, types and shapes are an error, and so is a difference above tolerance.
func compare(out io.Writer, a, b []safetensors.Named, tolerance float64) error {
	if len(a) != len(b) {
		return fmt.Errorf("inspect: the files hold %d and %d tensors", len(a), len(b))
	}
	others := map[string]*tensor.Tensor{}
	for _, t := range b {
		others[t.Name] = t.Tensor
	}
	worst, where := 0.0, "all tensors"
	for _, t := range a {
		x, y := t.Tensor, others[t.Name]
		if y == nil {
			return fmt.Errorf("inspect: only one file has %s", t.Name)
		}
		if x.DType() != y.DType() || !slices.Equal(x.Shape(), y.Shape()) {
			return fmt.Errorf("inspect: %s is %v%v and %v%v", t.Name, x.DType(), x.Shape(), y.DType(), y.Shape())
		}
		p, q := tensor.Data[float64](x.Cast(tensor.Float64)), tensor.Data[float64](y.Cast(tensor.Float64))
		for i := range p {
			d := math.Abs(p[i] - q[i])
			switch {
			case p[i] == q[i] || math.IsNaN(p[i]) && math.IsNaN(q[i]):
				continue
			case math.IsNaN(d): // NaN on one side only
				d = math.Inf(1)
			}
			if d > worst {
				worst, where = d, t.Name
			}
		}
	}
	fmt.Fprintf(out, "largest difference %g in %s\n", worst, where)
	if worst > tolerance {
		return fmt.Errorf("inspect: %s differs by %g, more than %g", where, worst, tolerance)
	}
	return nil
}
