package vec

// This file spreads an optimizer's step over the worker threads, as run does elementwise loops.

import (
	"sync"

	"github.com/tutti-ml/tutti/internal/parallel"
)

// stepTask is one step that workers share: Adam's if v is not nil, else SGD's, with momentum if m is not nil.
type stepTask struct {
	w, g, m, v []float32
	adam       AdamCoef
	sgd        SGDCoef
	do         func(lo, hi int)
}

var stepTasks sync.Pool

func newStepTask() *stepTask {
	t, _ := stepTasks.Get().(*stepTask)
	if t == nil {
		t = new(stepTask)
		t.do = t.elements
	}
	return t
}

// spread takes the step for all elements.
func (t *stepTask) spread() {
	parallel.For(len(t.w), 8<<10, t.do)
	t.w, t.g, t.m, t.v = nil, nil, nil, nil
	stepTasks.Put(t)
}

func (t *stepTask) elements(lo, hi int) {
	switch w, g := t.w[lo:hi], t.g[lo:hi]; {
	case t.v != nil:
		adam(w, g, t.m[lo:hi], t.v[lo:hi], &t.adam)
	case t.m != nil:
		sgdMomentum(w, g, t.m[lo:hi], &t.sgd)
	default:
		sgd(w, g, t.sgd.Decay, t.sgd.Rate)
	}
}
