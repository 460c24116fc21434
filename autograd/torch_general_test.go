package autograd_test

import (
	"testing"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

type vars = []*autograd.Var

var (
	torchIndex = tensor.FromSlice([]int64{2, 0, 2})
	torchPlace = tensor.FromSlice([]int64{2, 0, 1, 1, 2, 2}, 2, 3)
	torchMask  = tensor.FromSlice([]bool{true, false, true, false, false, true}, 2, 3)
)

// The files are written by testdata/general.py.
func TestGeneralAgainstPyTorch(t *testing.T) {
	sorted := func(v *autograd.Var, _ *tensor.Tensor) *autograd.Var { return v }
	einsum := func(spec string) func(x vars) *autograd.Var {
		return func(x vars) *autograd.Var { return autograd.Einsum(spec, x...) }
	}
	againstPyTorch(t, "testdata/general.json", map[string]func(x vars) *autograd.Var{
		"Div broadcast":    two(autograd.Div),
		"Reciprocal":       one(autograd.Reciprocal),
		"Square":           one(autograd.Square),
		"Sqrt":             one(autograd.Sqrt),
		"Rsqrt":            one(autograd.Rsqrt),
		"Abs":              one(autograd.Abs),
		"Pow":              with(autograd.Pow, 2.5),
		"PowVar":           two(autograd.PowVar),
		"Maximum":          two(autograd.Maximum),
		"Minimum":          two(autograd.Minimum),
		"Clamp":            func(x vars) *autograd.Var { return autograd.Clamp(x[0], -1, 1) },
		"Sin":              one(autograd.Sin),
		"Cos":              one(autograd.Cos),
		"Tan":              one(autograd.Tan),
		"Atan":             one(autograd.Atan),
		"Sinh":             one(autograd.Sinh),
		"Cosh":             one(autograd.Cosh),
		"Erf":              one(autograd.Erf),
		"Log1p":            one(autograd.Log1p),
		"Expm1":            one(autograd.Expm1),
		"Max":              func(x vars) *autograd.Var { return autograd.Max(x[0], 1) },
		"Max of two axes":  func(x vars) *autograd.Var { return autograd.Max(x[0], 0, 2) },
		"Min":              func(x vars) *autograd.Var { return autograd.Min(x[0], 0) },
		"Prod with a zero": func(x vars) *autograd.Var { return autograd.Prod(x[0], 1) },
		"Variance":         func(x vars) *autograd.Var { return autograd.Variance(x[0], 0, 2) },
		"VariancePop":      func(x vars) *autograd.Var { return autograd.VariancePop(x[0], 1) },
		"Std":              func(x vars) *autograd.Var { return autograd.Std(x[0], 1) },
		"LogSumExp":        func(x vars) *autograd.Var { return autograd.LogSumExp(x[0], 0) },
		"Norm":             func(x vars) *autograd.Var { return autograd.Norm(x[0], 2, 1) },
		"Norm 3":           func(x vars) *autograd.Var { return autograd.Norm(x[0], 3, 0) },
		"CumSum":           func(x vars) *autograd.Var { return autograd.CumSum(x[0], 1) },
		"Permute":          func(x vars) *autograd.Var { return autograd.Permute(x[0], 2, 0, 1) },
		"Expand":           func(x vars) *autograd.Var { return autograd.Expand(x[0], 2, 3, 4) },
		"Slice":            func(x vars) *autograd.Var { return autograd.Slice(x[0], 1, 1, -1) },
		"SliceStep":        func(x vars) *autograd.Var { return autograd.SliceStep(x[0], 1, 1, 7, 3) },
		"Select":           func(x vars) *autograd.Var { return autograd.Select(x[0], 1, -1) },
		"Flip":             func(x vars) *autograd.Var { return autograd.Flip(x[0], 0, 2) },
		"Repeat":           func(x vars) *autograd.Var { return autograd.Repeat(x[0], 2, 3) },
		"Diagonal":         func(x vars) *autograd.Var { return autograd.Diagonal(x[0], 0, 2) },
		"Concat":           func(x vars) *autograd.Var { return autograd.Concat(1, x...) },
		"Stack":            func(x vars) *autograd.Var { return autograd.Stack(1, x...) },
		"Roll":             func(x vars) *autograd.Var { return autograd.Roll(x[0], 1, -2) },
		"Pad":              func(x vars) *autograd.Var { return autograd.Pad(x[0], 0.5, 1, 2, -1, 1) },
		"PadReflect":       func(x vars) *autograd.Var { return autograd.PadReflect(x[0], 2, 1, 1, 2) },
		"PadReplicate":     func(x vars) *autograd.Var { return autograd.PadReplicate(x[0], 2, 1, 0, 2) },
		"PadCircular":      func(x vars) *autograd.Var { return autograd.PadCircular(x[0], 2, 1, 1, 2) },
		"IndexSelect":      func(x vars) *autograd.Var { return autograd.IndexSelect(x[0], 1, torchIndex) },
		"Take":             func(x vars) *autograd.Var { return autograd.Take(x[0], torchPlace) },
		"Gather":           func(x vars) *autograd.Var { return autograd.Gather(x[0], 1, torchPlace) },
		"ScatterAdd":       func(x vars) *autograd.Var { return autograd.ScatterAdd(x[0], 0, torchPlace, x[1]) },
		"Where":            func(x vars) *autograd.Var { return autograd.Where(torchMask, x[0], x[1]) },
		"MaskedFill":       func(x vars) *autograd.Var { return autograd.MaskedFill(x[0], torchMask, -9) },
		"MaskedSelect":     func(x vars) *autograd.Var { return autograd.MaskedSelect(x[0], torchMask) },
		"Sort":             func(x vars) *autograd.Var { return sorted(autograd.Sort(x[0], 0, true)) },
		"TopK":             func(x vars) *autograd.Var { return sorted(autograd.TopK(x[0], 3, 1)) },
		"MatMul broadcast": two(autograd.MatMul),
		"Einsum":           einsum("bhqd,bhkd->bhqk"),
		"Einsum of three":  einsum("bn,anm,bm->ba"),
		"Einsum diagonal":  einsum("iji->ji"),
	})
}

func TestConvolutionsAgainstPyTorch(t *testing.T) {
	againstPyTorch(t, "testdata/convolutions.json", map[string]func(x vars) *autograd.Var{
		"Conv1D": func(x vars) *autograd.Var {
			return autograd.Conv1D(x[0], x[1], x[2], autograd.Conv1DOptions{Stride: 2, Pad: 1, Dilation: 2, Groups: 2})
		},
		"Conv1D same": func(x vars) *autograd.Var {
			return autograd.Conv1D(autograd.PadSame(x[0], []int{4}, []int{3}), x[1], nil, autograd.Conv1DOptions{Dilation: 3})
		},
		"Conv2D same": func(x vars) *autograd.Var {
			return autograd.Conv2D(autograd.PadSame(x[0], []int{2, 3}, nil), x[1], nil, autograd.Conv2DOptions{})
		},
		"Conv2D depthwise": func(x vars) *autograd.Var {
			return autograd.Conv2D(x[0], x[1], x[2], autograd.Conv2DOptions{StrideH: 2, StrideW: 2, PadH: 1, PadW: 1, Groups: 3})
		},
		"Conv3D": func(x vars) *autograd.Var {
			return autograd.Conv3D(x[0], x[1], x[2], autograd.Conv3DOptions{
				Stride: [3]int{2, 1, 1}, Pad: [3]int{1, 0, 1}, Dilation: [3]int{1, 2, 1}, Groups: 2})
		},
		"ConvTranspose1D": func(x vars) *autograd.Var {
			return autograd.ConvTranspose1D(x[0], x[1], x[2], autograd.Conv1DOptions{Stride: 3, Pad: 1, Groups: 2}, 2)
		},
		"ConvTranspose2D": func(x vars) *autograd.Var {
			return autograd.ConvTranspose2D(x[0], x[1], x[2], autograd.ConvTranspose2DOptions{OutPadH: 1, Conv2DOptions: autograd.Conv2DOptions{
				StrideH: 2, StrideW: 3, PadH: 1, DilationH: 1, DilationW: 2, Groups: 2}})
		},
		"ConvTranspose2D larger": func(x vars) *autograd.Var {
			return autograd.ConvTranspose2D(x[0], x[1], x[2], autograd.ConvTranspose2DOptions{OutPadH: 1, OutPadW: 2,
				Conv2DOptions: autograd.Conv2DOptions{StrideW: 2, PadH: 1, PadW: 1, DilationH: 2, DilationW: 3}})
		},
		"ConvTranspose3D": func(x vars) *autograd.Var {
			return autograd.ConvTranspose3D(x[0], x[1], x[2], autograd.Conv3DOptions{Stride: [3]int{2, 1, 2}, Pad: [3]int{1, 0, 1}}, [3]int{1, 0, 1})
		},
		"MaxPool1D": func(x vars) *autograd.Var {
			return autograd.MaxPool1D(x[0], autograd.Pool1DOptions{Size: 3, Stride: 2, Pad: 1, Ceil: true})
		},
		"MaxPool2D ceil": func(x vars) *autograd.Var {
			return autograd.MaxPool2D(x[0], autograd.Pool2DOptions{R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1,
				DilationH: 2, DilationW: 2, Ceil: true})
		},
		"MaxPool3D": func(x vars) *autograd.Var {
			return autograd.MaxPool3D(x[0], autograd.Pool3DOptions{Size: [3]int{2, 3, 2}, Stride: [3]int{2, 2, 1}, Pad: [3]int{0, 1, 1}})
		},
		"AvgPool1D": func(x vars) *autograd.Var {
			return autograd.AvgPool1D(x[0], autograd.Pool1DOptions{Size: 3, Stride: 2, Pad: 1, Ceil: true})
		},
		"AvgPool2D ceil":          ceilPool(false),
		"AvgPool2D ceil excluded": ceilPool(true),
		"AvgPool3D": func(x vars) *autograd.Var {
			return autograd.AvgPool3D(x[0], autograd.Pool3DOptions{
				Size: [3]int{2, 3, 2}, Stride: [3]int{2, 2, 1}, Pad: [3]int{1, 1, 1}, ExcludePad: true})
		},
		"LpPool1D": func(x vars) *autograd.Var { return autograd.LpPool1D(x[0], 3, autograd.Pool1DOptions{Size: 2}) },
		"LpPool2D": func(x vars) *autograd.Var {
			return autograd.LpPool2D(x[0], 2, autograd.Pool2DOptions{R: 2, S: 3, StrideH: 1, StrideW: 1})
		},
		"AdaptiveAvgPool1D":      func(x vars) *autograd.Var { return autograd.AdaptiveAvgPool1D(x[0], 3) },
		"AdaptiveAvgPool2D":      func(x vars) *autograd.Var { return autograd.AdaptiveAvgPool2D(x[0], 3, 2) },
		"AdaptiveAvgPool3D":      func(x vars) *autograd.Var { return autograd.AdaptiveAvgPool3D(x[0], 2, 3, 2) },
		"AdaptiveMaxPool1D":      func(x vars) *autograd.Var { return autograd.AdaptiveMaxPool1D(x[0], 3) },
		"AdaptiveMaxPool2D":      func(x vars) *autograd.Var { return autograd.AdaptiveMaxPool2D(x[0], 3, 2) },
		"AdaptiveMaxPool3D":      func(x vars) *autograd.Var { return autograd.AdaptiveMaxPool3D(x[0], 2, 3, 2) },
		"UpsampleNearest":        func(x vars) *autograd.Var { return autograd.UpsampleNearest(x[0], 5, 3) },
		"UpsampleLinear":         func(x vars) *autograd.Var { return autograd.UpsampleLinear(x[0], false, 7) },
		"UpsampleLinear corners": func(x vars) *autograd.Var { return autograd.UpsampleLinear(x[0], true, 5, 7) },
		"UpsampleLinear pieces":  func(x vars) *autograd.Var { return autograd.UpsampleLinear(x[0], false, 5, 2) },
		"UpsampleLinear volumes": func(x vars) *autograd.Var { return autograd.UpsampleLinear(x[0], false, 4, 5, 3) },
		"PixelShuffle":           func(x vars) *autograd.Var { return autograd.PixelShuffle(x[0], 2) },
		"PixelUnshuffle":         func(x vars) *autograd.Var { return autograd.PixelUnshuffle(x[0], 2) },
		"ChannelShuffle":         func(x vars) *autograd.Var { return autograd.ChannelShuffle(x[0], 3) },
	})
}

func ceilPool(exclude bool) func(x vars) *autograd.Var {
	return func(x vars) *autograd.Var {
		return autograd.AvgPool2D(x[0], autograd.Pool2DOptions{R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1, ExcludePad: exclude, Ceil: true})
	}
}
