// Package conv computes convolutions and pooling over images, on slices. It knows neither tensors nor gradients of graphs:
// a caller says the Shape and hands in the operands of a forward or a backward step.
//
// Images are [N, C, H, W], filters [K, C/Groups, R, S], dense and row-major; Forward is a cross-correlation, as everywhere
// in deep learning. Backward functions add into their results, so gradients of shared operands accumulate.
//
// There are several algorithms (see Algorithms); the shape alone chooses one. Whatever the number of threads, the bits of a
// result are the same: sums over channels and samples have an order that depends on the shape alone.
package conv
