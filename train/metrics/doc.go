// Package metrics says how good predictions are: accuracy, F1, areas under curves, errors of regression, ranking,
// detection, language. A Metric is a recipe, its Accumulator takes a batch at a time, and accumulators merge.
//
//	acc := metrics.Accuracy{}.New()
//	err := acc.Add(output, labels)      // logits [N, C], labels [N]
//	fmt.Println(acc.Value().Scalar)     // 0.93
//
// Results are exact over ranks: they are the same bits however the samples are cut into batches and the batches
// shared out, and in whatever order accumulators merge. For a state is made of three things that have no order:
// integers that count, sums without rounding (Sum), and scores that are sorted before use. What is computed for one
// sample depends on that sample alone.
//
// Outputs are what a model returns, logits by default. Labels that are negative count nowhere. A metric over nothing is
// NaN. Sample weights are not taken.
package metrics
