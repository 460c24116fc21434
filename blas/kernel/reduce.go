package kernel

// This file says what the reductions of float32 slices compute. Their references are in package blas/vec (sum.go, max.go).
//
// SumLanes and DotLanes add in one order, which depends on the length alone and is the references': element i goes to lane
// i mod 64, each product is rounded before it is added, and the lanes are folded in halves, lane j+32 to lane j, then
// j+16, down to one. MaxOf, MinOf and IndexOf are exact, whatever the order. ExpSum and SumExp add in lanes of their ISA.

// ReduceLanes is the number of partial sums of SumLanes and DotLanes.
const ReduceLanes = 64
