package gradtest

import "github.com/tutti-ml/tutti/autograd"

// products are matrix products with more axes than two. Einsum reads its spec at every call, which takes small allocations.
var products = []Case{
	{Name: "MatMul of a batch", Inputs: of([]int{2, 3, 4}, []int{2, 4, 5}), Fn: two(autograd.MatMul)},
	{Name: "MatMul of a batch by one matrix", Inputs: of([]int{2, 3, 4}, []int{4, 5}), Fn: two(autograd.MatMul)},
	{Name: "MatMul of one matrix by a batch", Inputs: of([]int{3, 4}, []int{2, 4, 5}), Fn: two(autograd.MatMul)},
	{Name: "MatMul that broadcasts", Inputs: of([]int{2, 1, 3, 2}, []int{3, 2, 2}), Fn: two(autograd.MatMul)},
	{Name: "MatMul that broadcasts both ways", Inputs: of([]int{2, 1, 2, 2}, []int{1, 3, 2, 2}), Fn: two(autograd.MatMul)},
	{Name: "MatMul of a batch by itself", Inputs: of([]int{2, 3, 3}), Fn: one(func(a out) out { return autograd.MatMul(a, a) })},
	{Name: "MatMulNT of a batch", Inputs: of([]int{2, 3, 4}, []int{2, 5, 4}), Fn: two(autograd.MatMulNT)},
	{Name: "MatMulNT of a batch by one matrix", Inputs: of([]int{2, 3, 4}, []int{5, 4}), Fn: two(autograd.MatMulNT)},
	{Name: "MatMulTN of a batch", Inputs: of([]int{2, 4, 3}, []int{2, 4, 5}), Fn: two(autograd.MatMulTN)},
	{Name: "MatMulTN of a batch by one matrix", Inputs: of([]int{2, 4, 3}, []int{4, 5}), Fn: two(autograd.MatMulTN)},
	{Name: "Einsum of attention", Inputs: of([]int{2, 2, 3, 4}, []int{2, 2, 5, 4}), Allocs: 50, Fn: einsum("bhqd,bhkd->bhqk")},
	{Name: "Einsum of rows", Inputs: of([]int{3, 4}, []int{3, 4}), Allocs: 50, Fn: einsum("ij,ij->i")},
	{Name: "Einsum outer", Inputs: of([]int{3}, []int{4}), Allocs: 50, Fn: einsum("i,j->ji")},
	{Name: "Einsum of three", Inputs: of([]int{2, 3}, []int{3, 4}, []int{4, 2}), Allocs: 50, Fn: einsum("ij,jk,kl->il")},
	{Name: "Einsum without an arrow", Inputs: of([]int{2, 3}, []int{3, 4}), Allocs: 50, Fn: einsum("ij,jk")},
	{Name: "Einsum trace", Inputs: of([]int{3, 3}), Allocs: 50, Fn: einsum("ii->")},
	{Name: "Einsum diagonal", Inputs: of([]int{3, 2, 3}), Allocs: 50, Fn: einsum("iji->ji")},
	{Name: "Einsum bilinear", Inputs: of([]int{2, 3}, []int{4, 3, 5}, []int{2, 5}), Allocs: 50, Fn: einsum("bn,anm,bm->ba")},
}

func einsum(spec string) func(*tape, vars) out {
	return func(_ *tape, x vars) out { return autograd.Einsum(spec, x...) }
}
