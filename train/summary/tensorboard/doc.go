// Package tensorboard writes event files that TensorBoard shows: scalars, histograms, images, texts, graphs and
// hyperparameters. A [Writer] is for a program's own values; a [Sink] writes what a training run reports.
//
//	w, err := tensorboard.Create("runs/lenet5")
//	...
//	defer w.Close()
//	err = w.Scalar("loss", 0.25, 100)
//
// and then: tensorboard --logdir runs.
//
// The format is TensorFlow's: records of length, data and masked CRC-32C, of which each holds an Event as a protocol
// buffer. The few messages that are needed are written by hand (proto.go). Source:
// tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
package tensorboard
