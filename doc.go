// Package tutti is the map of a library for training neural networks in Go, on one core or many machines, without Python
// and without cgo (which only the build tag mpi needs). It has no code of its own. The packages, in reading order:
//
//	blas         linear algebra on slices: gonum's interfaces, assembly chosen at run time from CPUID
//	blas/vec     elementwise functions and reductions on slices
//	tensor       shapes, strides and storage; tensor/safetensors reads and writes model files
//	conv         convolution and pooling on slices
//	autograd     the tape: operations on variables, forward and backward
//	layers       plain structs of parameters, losses, initialisers
//	models       networks built from layers
//	dataset      batches from Arrow, IDX and memory: epochs without replacement, cut into partitions
//	collectives  AllReduce and its like, by ring, shuffle or MPI, between goroutines, over TCP or MPI
//	train        the loop; train/optim has the optimizers
//	cmd/tutti    the command
//
// [Example] is a whole program. The README tells how to run a job, docs/architecture.md how the rooms fit together.
package tutti
