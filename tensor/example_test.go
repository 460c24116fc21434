package tensor_test

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

func Example() {
	t := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	column := t.Slice(1, 0, 1) // a view: it shares t's memory
	column.Zero()
	fmt.Println(t)
	fmt.Println(t.Transpose(0, 1).Contiguous())
	fmt.Println(t.Cast(tensor.Bool))
	// Output:
	// [[0. 2. 3.]
	//  [0. 5. 6.]] float32 [2 3]
	// [[0. 0.]
	//  [2. 5.]
	//  [3. 6.]] float32 [3 2]
	// [[false  true  true]
	//  [false  true  true]] bool [2 3]
}
