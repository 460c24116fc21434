package main

// tutti evaluate: how good a trained model is on other data.

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train"
)

// evaluateOptions are the flags of tutti evaluate.
type evaluateOptions struct {
	rankOptions
	read    []string
	metrics []string
	batch   int
	json    bool
}

func evaluateCommand() *cobra.Command {
	var o evaluateOptions
	cmd := &cobra.Command{
		Use:   "evaluate MODEL DATA",
		Short: "Say how good a model that tutti train wrote is on other data",
		Long: `Evaluate reads DATA, a file, a pattern, a folder or a data set known by name (digits/test), as the model's
training data was read: the same columns by their names, the same numbers for the same classes. Its ranks share the samples; the result
does not depend on their number.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.evaluate(cmd.Context(), cmd.OutOrStdout(), args[0], args[1])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	readFlag(cmd, &o.read)
	f.StringArrayVar(&o.metrics, "metric", nil, "a metric: "+strings.Join(metricNames(),
		", ")+"; options after colons; repeatable")
	countVar(f, &o.batch, "batch", 256, "samples at a time")
	f.BoolVar(&o.json, "json", false, "print the numbers as a JSON object")
	o.rankOptions.flags(f)
	return cmd
}

func (o *evaluateOptions) evaluate(ctx context.Context, out io.Writer, file, data string) error {
	if err := plainName("MODEL", file); err != nil {
		return err
	}
	list, err := parseMetrics(o.metrics)
	if err != nil {
		return err
	}
	m, err := loadModel(file)
	if err != nil {
		return err
	}
	t, err := openFiles(ctx, data, o.read)
	if err != nil {
		return err
	}
	defer t.Close()
	src, err := m.Layout.open(ctx, t, true)
	if err != nil {
		return err
	}
	if src.Len() == 0 {
		return fmt.Errorf("%s has no rows", data)
	}
	return o.run(ctx, func(ctx context.Context, g *collectives.Group) error {
		c := train.Config{Model: m.model, Loss: m.loss, Metrics: list, BatchSize: o.batch, Group: g}
		score, err := train.Evaluate(ctx, c, src)
		if err != nil || g.Rank() != 0 {
			return m.Layout.hint(err)
		}
		return printScore(out, score, o.json)
	})
}

// number is a value with a name.
type namedNumber struct {
	name  string
	value float64
}

// printScore writes the numbers of an evaluation, one a line or as a JSON object.
func printScore(out io.Writer, m train.Metrics, asJSON bool) error {
	list := []namedNumber{{"samples", float64(m.Samples)}, {"loss", m.Loss}}
	if m.Correct >= 0 {
		list = append(list, namedNumber{"accuracy", m.Accuracy()})
	}
	for _, v := range m.Values {
		list = append(list, namedNumber{v.Name, v.Value})
	}
	if asJSON {
		object := map[string]any{}
		for _, n := range list {
			object[n.name] = n.value
			if math.IsNaN(n.value) || math.IsInf(n.value, 0) {
				object[n.name] = nil
			}
		}
		return json.NewEncoder(out).Encode(object)
	}
	width := 0
	for _, n := range list {
		width = max(width, len(n.name))
	}
	for _, n := range list {
		if _, err := fmt.Fprintf(out, "%-*s  %.6g\n", width, n.name, n.value); err != nil {
			return err
		}
	}
	return nil
}
