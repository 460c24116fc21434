// Package dataset turns stored samples into batches for training: sources, exact epochs, partitions, prefetch.
//
// A [Source] gives samples by number. A [Plan] cuts the samples of each epoch into global batches and every batch into
// partitions; it is a pure function of its fields, so every rank computes the same cut without a word to the others.
// [Epoch.Batches] joins the two and yields one partition's batches, reading one ahead.
//
//	train, test, err := dataset.Digits()
//	plan := dataset.Plan{N: train.Len(), BatchSize: 64, Partitions: 2, Shuffle: true, Seed: 1}
//	for e := range epochs {
//		for batch, err := range plan.Epoch(e).Batches(ctx, train, part, 0) {
//			…                          // batch belongs to this iteration
//		}
//	}
//
// Reading order: plan.go (which samples, when), batch.go (the buffer), batches.go (the loop), memory.go (samples in
// memory), then the sources that fill it: idx.go, arrow.go (arrowcolumn.go for lists, arrowvalue.go for numbers,
// arrowlabel.go for classes), digits.go, fashionmnist.go; and wrap.go, sources made of sources. [Sets] is the table of
// data sets known by name.
//
// This is the only package that imports Arrow; no Arrow type appears in its API.
package dataset
