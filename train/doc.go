// Package train is the loop: data-parallel training of a model on one process or many, with the same bits.
//
// [Run] reads batches, runs forward and backward for each logical partition of the batch, synchronises the gradients of
// all ranks, steps the optimizer, and reports. Two strategies synchronise parameters, chosen by [Config].Sync:
//
//   - [AllReduce]: all ranks sum all gradients with an AllReduce, and every rank updates every weight.
//   - [Sharded] (BigDL's shuffle and broadcast, arXiv:1804.05839, Algorithm 2): rank n gathers slice n of every
//     gradient, sums it, updates slice n of the weights only, and publishes it. Optimizer moments exist once, 1/P on each rank.
//
// A run has three parts. A job is what is trained and how, constant to the end. A session is the ranks that work at it:
// their partitions, and the exchanges that make a step of all of them one. A snapshot is the state between two steps:
// a session can be made of it again, on other ranks too.
//
//	Config ──> job ──┐                       ┌── dense: AllReduce or Sharded
//	Group ───────────┼──> session: exchanges ┼── sparse, buffers, synchronised batch norm
//	checkpoint ──> snapshot <── steps ──┘    └── …
//
// The files in reading order: config.go (what a user says), run.go (epochs, evaluation, checkpoints), job.go,
// session.go, step.go (one step, from top to bottom), replica.go (forward and backward of one partition), exchange.go
// (the protocol, and what is left after a failure), allreduce.go, sharded.go and tree.go (the two strategies),
// blocks.go (what slices and norms go by), layered.go (LARS, LAMB), average.go, not_finite.go, mix.go, phases.go (several
// models in a step), buckets.go, sparse.go (parameters whose gradients are rows), buffers.go (running statistics), sync_batch_norm.go,
// snapshot.go, groups.go (weights with a learning rate or decay of their own), evaluate.go, trigger.go and moment.go
// (what happens after which step), score.go and early.go (what a run follows), events.go and phase_clock.go (what sinks hear),
// checkpoint.go, resume.go, agree.go (ranks that disagree are refused at the start). predict.go is for afterwards, loop.go
// for a loop by hand.
package train
