// Package dataset turns stored samples into batches for training: sources, exact epochs, partitions, prefetch.
//
// A [Source] gives samples by number. A [Plan] cuts the samples of each epoch into global batches and every batch into
// partitions; it is a pure function of its fields, so every rank computes the same cut without a word to the others.
// [Epoch.Open] joins the two: its [Reader] gives one partition's batches, reading ahead.
//
//	train, test, err := dataset.Digits()
//	plan := dataset.Plan{N: train.Len(), BatchSize: 64, Partitions: 2, Shuffle: true, Seed: 1}
//	for e := range epochs {
//		reader := plan.Epoch(e).Open(train, part, 0)
//		for {
//			batch, err := reader.Next(ctx) // batch is ours until the next call
//			if err == io.EOF {
//				break
//			}
//			…
//		}
//		reader.Close()
//	}
//
// A [Batch] has named columns of any dtype, which [Spec] lists; X and Y are its input and its target.
//
// Reading order: spec.go and batch.go (what a sample is, and the buffer; ragged.go for lists and text), source.go,
// plan.go (which samples, when), reader.go (the loop), memory.go and columns.go (samples in memory). Sources whose
// samples lie in blocks, larger than memory: line.go (their order), blocks.go (reading ahead), seek.go (by number).
// Then the sources that fill batches: idx.go, digits.go, fashionmnist.go; wrap.go, sources made of sources, and
// stage.go, the form that samples get last.
// [Sets] is the table of data sets known by name.
//
// File formats are packages of their own: dataset/arrow and its neighbours. This one needs the standard library and
// tensor.
package dataset
