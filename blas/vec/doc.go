// Package vec does arithmetic on slices: one pass over memory, no shapes, no strides, no allocation.
//
// The destination comes first: Add(dst, a, b) stores a+b in dst. Lengths must agree, or the call panics with both of them
// (`vec: Add: lengths 3 and 4`). A destination may be exactly one of the operands; it must not overlap one partly.
//
// # Same bits
//
// Elementwise functions compute each element from that element's operands alone, so cutting a call in pieces, by the
// caller or by the worker threads of a long call, changes nothing. Reductions add in an order that depends on the length
// alone (see Sum). Float32 is accumulated in float32 unless a function says otherwise.
//
// Arithmetic, roots, bounds, ReLU and its kin, the gradients of tanh, sigmoid and hardswish, and optimizer steps round every
// operation, and so give the same bits on every machine.
// Transcendental functions of float32 differ in the last bits between instruction sets: vector kernels compute in float32,
// portable loops in float64.
//
// # Accuracy
//
// Float64 transcendental functions are package math's, made right at both ends of float64 (internal/elementary). The
// float32 ones are this package's own, at most 2 ulp from the true value, Elu 2.5, Silu and Softplus 3, Gelu 6; each
// says its bound.
package vec

import "fmt"

// Float is the element type of arithmetic: an IEEE 754 binary32 or binary64 number.
type Float interface{ ~float32 | ~float64 }

// Number is every element type that collectives reduce.
type Number interface {
	~float32 | ~float64 | ~int32 | ~int64 | ~uint8
}

// same panics unless lengths a and b, the destination's and an operand's, agree.
func same(op string, a, b int) {
	if a != b {
		panicLengths(op, a, b)
	}
}

//go:noinline
func panicLengths(op string, a, b int) {
	panic(fmt.Sprintf("vec: %s: lengths %d and %d", op, a, b))
}
