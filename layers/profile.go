package layers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// ProfileRow is one op of a forward pass.
type ProfileRow struct {
	Layer  string // path of the layer whose parameters the op uses; empty if it uses none
	Op     string // as in package autograd
	Output []int  // shape of its result
	Params int    // elements of the parameters that it is the first to use
	FLOPs  int    // floating-point operations; see Profile
}

// Profile returns the ops of model's forward pass over zeros of the given shape, batch included, on an infer tape, without those
// that only move elements.
//
// Products, convolutions and recurrent layers count 2 operations for each product of two numbers and its addition, and 1 for
// each addition of a bias; every other op counts 1 for each element of its result or of its largest operand, whichever has
// more, a tanh like an addition. Attention, whose cost depends on its mask, counts as if nothing were masked.
func Profile(model Layer, input ...int) []ProfileRow {
	return ProfileFunc(model, func(t *autograd.Tape) {
		model.Forward(t, t.Const(tensor.New(tensor.Float32, input...)))
	})
}

// ProfileFunc is Profile for a model that is no Layer: forward runs it on the tape.
func ProfileFunc(model any, forward func(t *autograd.Tape)) []ProfileRow {
	names, counted := map[*autograd.Param]string{}, map[*autograd.Param]bool{}
	for _, p := range Params(model) {
		names[p.Param] = p.Name
	}
	var rows []ProfileRow
	tape := autograd.NewTape(autograd.Infer, nil)
	tape.OnOp(func(op string, in []*autograd.Var, out *autograd.Var) {
		if movesOnly[op] {
			return
		}
		row := ProfileRow{Op: op, Output: slices.Clone(out.Shape()), FLOPs: flops(op, in, out)}
		for _, v := range in {
			p := v.Param()
			name, ok := names[p]
			if !ok {
				continue
			}
			if row.Layer == "" {
				row.Layer = name[:max(0, strings.LastIndexByte(name, '.'))]
			}
			if !counted[p] {
				counted[p] = true
				row.Params += v.Len()
			}
		}
		rows = append(rows, row)
	})
	forward(tape)
	return rows
}

// movesOnly are the ops that compute nothing.
var movesOnly = map[string]bool{
	"Reshape": true, "Permute": true, "Transpose": true, "Slice": true, "Select": true, "Flip": true, "Repeat": true, "Diagonal": true,
	"Move": true, "Concat": true, "Stack": true, "Pad": true, "Expand": true, "Squeeze": true, "Unsqueeze": true, "Roll": true,
	"Gather": true, "IndexSelect": true, "Embedding": true, "Place": true, "Checkpoint": true, "section": true,
}

func flops(op string, in []*autograd.Var, out *autograd.Var) int {
	bias := 0 // additions of one
	if len(in) > 2 && in[2].Rank() == 1 {
		bias = out.Len()
	}
	switch op {
	case "Linear":
		return 2*out.Len()*in[1].Dim(1) + bias
	case "MatMul": // either operand may be transposed
		return 2 * out.Len() * (in[0].Dim(-1) * in[0].Dim(-2) / max(1, out.Dim(-2)))
	case "Conv2D", "Conv3D":
		return 2*out.Len()*(in[1].Len()/max(1, in[1].Dim(0))) + bias
	case "ConvTranspose2D":
		return 2*in[0].Len()*(in[1].Len()/max(1, in[1].Dim(0))) + bias
	case "Recurrent": // every weight meets every moment of every sample
		return 2 * (in[1].Len() + in[2].Len()) * (in[0].Len() / max(1, in[0].Dim(-1)))
	case "Attention": // a score for each query and key, and the sum of the values
		if len(in) == 1 { // queries, keys and values in one
			return 4 * out.Len() * out.Dim(1)
		}
		return 2 * in[1].Dim(1) * (in[0].Len() + out.Len())
	}
	most := out.Len()
	for _, v := range in {
		most = max(most, v.Len())
	}
	return most
}

// ProfileTable returns Profile's rows and their totals as a table.
func ProfileTable(rows []ProfileRow) string {
	lines := [][]string{{"layer", "op", "output", "parameters", "flops"}}
	params, flops := 0, 0
	for _, r := range rows {
		lines = append(lines, []string{r.Layer, r.Op, fmt.Sprint(r.Output), fmt.Sprint(r.Params), fmt.Sprint(r.FLOPs)})
		params, flops = params+r.Params, flops+r.FLOPs
	}
	lines = append(lines, []string{"total", "", "", fmt.Sprint(params), fmt.Sprint(flops)})
	var width [5]int
	for _, l := range lines {
		for i, cell := range l {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%-*s  %-*s  %-*s  %*s  %*s\n", width[0], l[0], width[1], l[1], width[2], l[2], width[3], l[3], width[4], l[4])
	}
	return b.String()
}
