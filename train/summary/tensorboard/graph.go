package tensorboard

import (
	"fmt"
	"time"
)

// Node is one box of a graph. Names with slashes lie in boxes within boxes: "Features/0/Conv2D".
type Node struct {
	Name   string
	Op     string
	Inputs []string // names of the nodes that it takes its operands from
	Shape  []int    // of its result
	Label  string   // shown with the box, may be empty
}

// Graph writes a graph, as [Trace] makes one, for TensorBoard's page Graphs. A run has one: of several the first is
// shown. Two nodes of one name, or an input that is no node, are errors.
func (w *Writer) Graph(nodes []Node) error {
	known := map[string]bool{}
	for _, n := range nodes {
		if n.Name == "" || known[n.Name] {
			return fmt.Errorf("tensorboard: Graph: a node is named %q, want a name that no other has", n.Name)
		}
		known[n.Name] = true
	}
	for _, n := range nodes {
		for _, in := range n.Inputs {
			if !known[in] {
				return fmt.Errorf("tensorboard: Graph: node %q has the input %q, want one of the %d nodes", n.Name, in, len(nodes))
			}
		}
	}
	graph := appendGraph(nil, nodes)
	return w.write(time.Time{}, 0, func(b []byte) []byte { return appendString(b, eventGraph, graph) })
}

// appendGraph appends a GraphDef.
func appendGraph(b []byte, nodes []Node) []byte {
	for _, n := range nodes {
		var node int
		b, node = open(b, 1)
		b = appendString(b, 1, n.Name)
		b = appendString(b, 2, n.Op)
		for _, in := range n.Inputs {
			b = appendOneString(b, 3, in)
		}
		b = appendAttr(b, "_output_shapes", func(b []byte) []byte {
			b, list := open(b, 1)
			b, shape := open(b, 7)
			for _, d := range n.Shape {
				var dim int
				b, dim = open(b, 2)
				b = shut(appendInt(b, 1, int64(d)), dim)
			}
			return shut(shut(b, shape), list)
		})
		if n.Label != "" {
			b = appendAttr(b, "attr", func(b []byte) []byte { return appendOneString(b, 2, n.Label) })
		}
		b = shut(b, node)
	}
	b, versions := open(b, 4)
	return shut(appendInt(b, 1, 22), versions) // producer: the version that knows all that stands here
}

// appendAttr appends an entry of the map from names to AttrValues.
func appendAttr(b []byte, name string, value func(b []byte) []byte) []byte {
	b, entry := open(b, 5)
	b = appendString(b, 1, name)
	b, at := open(b, 2)
	return shut(shut(value(b), at), entry)
}
