// Package train is the loop: data-parallel training of a model on one process or many, with the same bits.
//
// [Run] reads batches, runs forward and backward for each logical partition of the batch, synchronises the gradients of
// all ranks, steps the optimizer, and reports. Two strategies synchronise parameters, chosen by [Config].Sync:
//
//   - [Ring]: all ranks sum all gradients with an AllReduce, and every rank updates every weight.
//   - [ShuffleBroadcast] (BigDL, arXiv:1804.05839, Algorithm 2): rank n gathers slice n of every gradient, sums it,
//     updates slice n of the weights only, and publishes it. Optimizer moments exist once, 1/P on each rank.
//
// The files in reading order: config.go (what a user says), run.go (the loop), replica.go (forward and backward of one
// partition), sync.go, ring.go, shuffle.go and tree.go (the two strategies), tables.go (parameters whose gradients are rows),
// statsync.go (batch normalisation over all partitions), groups.go (weights with a learning rate or decay of their own),
// evaluate.go, checkpoint.go, agree.go (ranks that disagree are refused at the start).
package train
