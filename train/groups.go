package train

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train/optim"
)

// groups says which parameter group each element of the flat vector belongs to: runs of consecutive elements, that together
// cover it. So a stepper of any slice of the vector can be made, and its moments stay one vector.
type groups struct {
	optimizer optim.Optimizer
	list      []optim.Group
	runs      []optim.Run             // nil where list is empty
	of        map[*autograd.Param]int // those that are in a group
}

// newGroups finds the group of each parameter of set: the first that matches its name.
func newGroups(c Config, set *autograd.Set) (*groups, error) {
	g := &groups{optimizer: c.Optimizer, list: c.ParamGroups, of: map[*autograd.Param]int{}}
	if len(c.ParamGroups) == 0 {
		return g, nil
	}
	for i, group := range c.ParamGroups {
		matching, first := layers.Matching(c.Model, group.Pattern), false
		for _, p := range matching {
			if _, taken := g.of[p.Param]; !taken {
				g.of[p.Param], first = i, true
			}
		}
		switch {
		case len(matching) == 0:
			return nil, fmt.Errorf("train: Config.ParamGroups[%d]: no parameter of %T matches %q", i, c.Model,
				group.Pattern)
		case !first:
			return nil, fmt.Errorf("train: Config.ParamGroups[%d]: all parameters that match %q are in groups "+
				"before it: put it before those", i, group.Pattern)
		}
	}
	for _, p := range set.Params() {
		lo, hi := set.Range(p)
		group, ok := g.of[p]
		if !ok {
			group = -1
		}
		g.add(hi-lo, group)
	}
	return g, nil
}

// add puts n elements of a group behind the others.
func (g *groups) add(n, group int) {
	if last := len(g.runs) - 1; last >= 0 && g.runs[last].Group == group {
		g.runs[last].N += n
		return
	}
	g.runs = append(g.runs, optim.Run{N: n, Group: group})
}

// recipe returns the optimizer of p, and what multiplies its learning rate.
func (g *groups) recipe(p *autograd.Param) (optim.Optimizer, float64) {
	if i, ok := g.of[p]; ok {
		return g.list[i].Recipe(g.optimizer)
	}
	return g.optimizer, 1
}

// stepperOf returns fresh optimizer state for elements [lo, hi) of the vector.
func stepperOf[T float](g *groups, lo, hi int) optim.StepperOf[T] {
	if len(g.list) == 0 {
		return optim.NewOf[T](g.optimizer, hi-lo)
	}
	var runs []optim.Run
	at := 0
	for _, r := range g.runs {
		if from, to := max(lo, at), min(hi, at+r.N); from < to {
			runs = append(runs, optim.Run{N: to - from, Group: r.Group})
		}
		at += r.N
	}
	return optim.NewGrouped[T](g.optimizer, g.list, runs)
}
