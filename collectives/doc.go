// Package collectives lets the ranks of a parallel job combine their data: AllReduce, ReduceScatter, AllGather,
// Broadcast and their like, on slices of numbers, over any transport.
//
// A Group stands for all ranks. Each rank calls the same operations on its Group in the same order; an operation returns
// when this rank's part is done. The algorithm is chosen per group and the transport is chosen when the group is opened
// (package launch does that), so one program runs unchanged in one process, over TCP and under MPI.
//
// Operations take turns in the order of their calls. The asynchronous forms, AllReduceAsync and its like, return a Handle at
// once, so that several may be in flight while the caller computes. Group.Split makes smaller groups.
//
// # Failure
//
// Every operation respects its context and a default deadline. A rank that dies is an error that names it on every
// survivor. Ranks that call different operations, or the same with different lengths or types, get an error that names
// both ranks and both values. A group that failed stays broken.
//
// # Bits
//
// The order in which an algorithm combines the ranks' values is fixed by the number of ranks and the length alone, so a
// result has the same bits in every run, over every transport but MPI's own collectives.
package collectives
