package tensorboard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Trace returns the graph of model's forward pass over zeros of the given shape, batch included. See [TraceFunc].
func Trace(model layers.Layer, input ...int) []Node {
	return TraceFunc(model, func(t *autograd.Tape) {
		model.Forward(t, t.Const(tensor.New(tensor.Float32, input...)))
	})
}

// TraceFunc returns the graph of the ops that forward carries out on an infer tape. A parameter is a node under its
// path, and an op lies in the box of the layer whose parameters it uses: Features.0.Weight is Features/0/Weight, and
// its convolution Features/0/Conv2D. An op without parameters, an activation or a pooling, lies in the box around the
// layer that its first operand comes from. What is given to the tape as a constant is an input.
func TraceFunc(model any, forward func(t *autograd.Tape)) []Node {
	g := tracer{paths: map[*autograd.Param]string{}, params: map[*autograd.Param]string{}, vars: map[*autograd.Var]place{},
		used: map[string]int{}}
	for _, p := range layers.Params(model) {
		g.paths[p.Param] = strings.ReplaceAll(p.Name, ".", "/")
	}
	tape := autograd.NewTape(autograd.Infer, nil)
	tape.OnOp(g.op)
	forward(tape)
	return g.nodes
}

type tracer struct {
	nodes  []Node
	paths  map[*autograd.Param]string // where the model has it
	params map[*autograd.Param]string // its node
	vars   map[*autograd.Var]place
	used   map[string]int // how often a name has been asked for
}

// place is the node that makes a Var, and the box that ops without parameters which take it are put in.
type place struct{ node, box string }

func (g *tracer) op(op string, in []*autograd.Var, out *autograd.Var) {
	var inputs []string
	layer, box, found := "", "", false
	for i, v := range in {
		from := g.operand(v)
		inputs = append(inputs, from.node)
		switch path, ok := g.paths[v.Param()]; {
		case ok && !found:
			layer, found = parent(path), true
		case i == 0:
			box = from.box
		}
	}
	here, around := box, box
	if found {
		here, around = layer, parent(layer)
	}
	name := g.name(join(here, op))
	g.nodes = append(g.nodes, Node{Name: name, Op: op, Inputs: inputs, Shape: slices.Clone(out.Shape())})
	g.vars[out] = place{name, around}
}

// operand gives the place of v, and makes a node of a parameter or an input that is met for the first time.
func (g *tracer) operand(v *autograd.Var) place {
	if at, ok := g.vars[v]; ok {
		return at
	}
	n := Node{Op: "Placeholder", Shape: slices.Clone(v.Shape())}
	if p := v.Param(); p != nil {
		if name, ok := g.params[p]; ok {
			return place{node: name}
		}
		path, ok := g.paths[p]
		if !ok {
			path = "parameter"
		}
		n.Name, n.Op = g.name(path), "Parameter"
		g.params[p] = n.Name
	} else {
		n.Name = g.name("input")
	}
	g.nodes = append(g.nodes, n)
	g.vars[v] = place{node: n.Name}
	return g.vars[v]
}

// name gives a name that no node has: the one asked for, or with a number behind it. Of what means something in a
// node's name, only slashes stay.
func (g *tracer) name(want string) string {
	want = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_./-", r):
			return r
		}
		return '_'
	}, want)
	for {
		n := g.used[want]
		if g.used[want]++; n == 0 {
			return want
		}
		want = fmt.Sprintf("%s_%d", want, n)
	}
}

func parent(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

func join(box, name string) string {
	if box == "" {
		return name
	}
	return box + "/" + name
}
