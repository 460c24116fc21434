package main

// The flags of a step and of what happens between steps: limits, averages, metrics, triggers, checkpoints.

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tutti-ml/tutti/internal/fields"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/metrics"
)

// loopOptions are those flags.
type loopOptions struct {
	clipNorm, clipValue                            float64
	accumulate, maxSkips                           int
	notFinite, average                             string
	metrics                                        []string
	score                                          string
	validateWhen, checkpointWhen, summaryWhen, end string
	patience                                       int
	minDelta                                       float64
	keep                                           int
	keepBest                                       bool
	noShuffle                                      bool
	window, bucket, workers                        int
}

// triggerHelp says what triggers look like.
const triggerHelp = "every epoch, every 100 steps, every 10m, after 20 epochs, loss < 0.05, score > 0.99, never, " +
	"with and, or, ( )"

func loopFlags(f *pflag.FlagSet, o *loopOptions) {
	f.BoolVar(&o.noShuffle, "no-shuffle", false, "take the samples in their order, the same in each epoch")
	f.IntVar(&o.window, "window", 0, "samples of files that are shuffled at a time (default: what 32 MiB hold)")
	f.IntVar(&o.bucket, "bucket", 0, "bytes of gradient that go out together; -1: all (default: 25 MiB)")
	f.IntVar(&o.workers, "workers", 0, "partitions that a rank runs at the same time; no result depends on it (default: all cores)")
	f.Float64Var(&o.clipNorm, "clip-norm", 0, "largest norm of a step's gradient; 0: no limit")
	f.Float64Var(&o.clipValue, "clip-value", 0, "largest magnitude of an element of a step's gradient; 0: no limit")
	f.IntVar(&o.accumulate, "accumulate", 0,
		"micro-batches that a partition's part of a batch is cut into, for less memory; 0: it is not cut")
	f.StringVar(&o.notFinite, "on-not-finite", "stop",
		"what a step does whose loss or gradient is NaN or infinite: stop, skip")
	f.IntVar(&o.maxSkips, "max-skips", 0, "steps in a row that may be skipped (default: 10)")
	f.StringVar(&o.average, "average", "",
		"end with an average of the weights: ema, ema:decay=0.999:warm-up, swa:from=5 (default: none)")
	f.StringArrayVar(&o.metrics, "metric", nil, "a metric of the test rows: "+strings.Join(metricNames(),
		", ")+"; options after colons; repeatable")
	f.StringVar(&o.score, "score", "",
		"number that --patience, --keep-best and score go by: loss, accuracy or a metric (default: the first "+
			"metric, else the loss)")
	f.StringVar(&o.validateWhen, "validate-when", "",
		"when to evaluate the test rows, by a trigger: "+triggerHelp+" (default: every epoch)")
	f.StringVar(&o.checkpointWhen, "checkpoint-when", "",
		"when to write the checkpoint, by a trigger (default: every epoch)")
	f.StringVar(&o.summaryWhen, "summary-when", "", "which steps are reported, by a trigger (default: every step)")
	f.StringVar(&o.end, "end-when", "", "when to end, by a trigger; --epochs, where given, ends it all the same")
	f.IntVar(&o.patience, "patience", 0,
		"end when the score has not improved in so many evaluations, with the best weights; 0: never")
	f.Float64Var(&o.minDelta, "min-delta", 0, "with --patience: by how much a score must be better to be an improvement")
	f.IntVar(&o.keep, "keep", 1, "how many checkpoints are kept, the latest and those before")
	f.BoolVar(&o.keepBest, "keep-best", false, "keep the checkpoint with the best score, too")
}

func metricNames() []string {
	var names []string
	for _, m := range metrics.All {
		names = append(names, m.Name())
	}
	return names
}

// parseMetrics returns the metrics of these names.
func parseMetrics(names []string) ([]metrics.Metric, error) {
	var list []metrics.Metric
	for _, name := range names {
		m, err := metrics.ByName(name)
		if err != nil {
			return nil, usageError{fmt.Errorf("--metric %q: %w", name, err)}
		}
		list = append(list, m)
	}
	return list, nil
}

// measures refuses a metric that has no value for the task's results, before anything is trained: the first evaluation
// would. It tries two rows of zeros, so that only shapes count.
func (l *layout) measures(list []metrics.Metric) error {
	var output, target *tensor.Tensor
	switch l.Task {
	case taskClassification:
		output = tensor.New(tensor.Float32, 2, l.Target.Classes)
		target = tensor.New(tensor.Int64, 2)
	case taskRegression:
		output = tensor.New(tensor.Float32, append([]int{2}, l.Target.Shape...)...)
		target = output
	default:
		return nil
	}
	for _, m := range list {
		switch m.(type) {
		case metrics.HitRatio, metrics.NDCG, metrics.MRR:
			continue // they may want so many rows a query
		}
		if err := m.New().Add(output, target); err != nil {
			return usageError{fmt.Errorf("--metric %s is not for --task %s: %w", m.Name(), l.Task, err)}
		}
	}
	return nil
}

// config sets the fields of c that the flags decide.
func (o *loopOptions) config(c *train.Config, flags *pflag.FlagSet) (err error) {
	c.ClipNorm, c.ClipValue, c.Accumulate, c.MaxSkips = o.clipNorm, o.clipValue, o.accumulate, o.maxSkips
	c.NoShuffle, c.Window, c.Bucket, c.Workers = o.noShuffle, o.window, o.bucket, o.workers
	c.Score, c.Keep, c.KeepBest = o.score, o.keep, o.keepBest
	if o.keep < 1 {
		return usageError{fmt.Errorf("--keep %d, want at least 1", o.keep)}
	}
	if c.OnNotFinite, err = train.ParseNotFinite(o.notFinite); err != nil {
		return usageError{fmt.Errorf("--on-not-finite: %w", err)}
	}
	if c.Average, err = parseAverage(o.average); err != nil {
		return usageError{fmt.Errorf("--average %q: %w", o.average, err)}
	}
	if c.Metrics, err = parseMetrics(o.metrics); err != nil {
		return err
	}
	for _, t := range []struct {
		flag, text string
		to         *train.Trigger
	}{
		{"validate-when", o.validateWhen, &c.ValidateWhen}, {"checkpoint-when", o.checkpointWhen, &c.CheckpointWhen},
		{"summary-when", o.summaryWhen, &c.SummaryWhen}, {"end-when", o.end, &c.EndWhen},
	} {
		if t.text == "" {
			continue
		}
		if *t.to, err = train.ParseTrigger(t.text); err != nil {
			return usageError{fmt.Errorf("--%s: %w", t.flag, err)}
		}
	}
	switch {
	case o.patience < 0:
		return usageError{fmt.Errorf("--patience %d, want at least 0", o.patience)}
	case o.patience == 0:
		return ignored(flags, "there is no --patience", "min-delta")
	}
	c.Early = &train.EarlyStopping{Patience: o.patience, MinDelta: o.minDelta}
	return nil
}

// parseAverage reads ema or swa, with options after colons.
func parseAverage(text string) (*train.Average, error) {
	if text == "" {
		return nil, nil
	}
	name, options, _ := strings.Cut(text, ":")
	if name != "ema" && name != "swa" {
		return nil, errors.New("want ema or swa, as in ema:decay=0.999")
	}
	set, err := fields.Set(train.Average{SWA: name == "swa"}, optionsAfter(options), "SWA", "Apart")
	if err != nil {
		return nil, err
	}
	a := set.(train.Average)
	return &a, nil
}

// optionsAfter reads NAME=VALUE:NAME=VALUE; a name alone is true.
func optionsAfter(text string) map[string]any {
	values := map[string]any{}
	if text == "" {
		return values
	}
	for option := range strings.SplitSeq(text, ":") {
		key, value, ok := strings.Cut(option, "=")
		if !ok {
			value = "true"
		}
		values[key] = value
	}
	return values
}
