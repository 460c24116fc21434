// Lesson 1: tensors. Elements, shapes and views that share memory.
package main

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

func main() {
	// A tensor over a slice of yours: no copy, so a change of one is seen in the other.
	elements := []float32{1, 2, 3, 4, 5, 6}
	x := tensor.FromSlice(elements, 2, 3)
	elements[0] = 10
	fmt.Println(x)

	// Views have a shape of their own and the same memory.
	t := x.Transpose(0, 1)
	fmt.Println(t.Shape(), t.IsContiguous())
	row := x.Slice(0, 1, 2)
	fmt.Println(row)

	// Data gives the elements of a contiguous tensor as a slice, again without a copy.
	fmt.Println(tensor.Data[float32](t.Contiguous()))
}

// Output:
// [[10.  2.  3.]
//  [ 4.  5.  6.]] float32 [2 3]
// [3 2] false
// [[4. 5. 6.]] float32 [1 3]
// [10 4 2 5 3 6]
