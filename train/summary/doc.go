// Package summary is the contract between training and what shows or keeps its progress: the events of a run, and the
// interface [Sink] of those who receive them.
//
// A sink is chosen by import: [github.com/tutti-ml/tutti/train/summary/tensorboard] writes TensorBoard's event files,
// [github.com/tutti-ml/tutti/train/summary/history] a file of JSON Lines,
// [github.com/tutti-ml/tutti/train/summary/prometheus] serves metrics. [Log] of this package writes to a
// [log/slog.Logger]. [Multi] gives every event to several sinks, and drops one that fails.
//
// The package knows nothing of training: train imports it, and so does a loop by hand that wants the same files.
package summary
