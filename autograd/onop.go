package autograd

// OnOp makes the tape call fn after every op that is carried out on it, with the op's name, its operands and its result, from now on
// and across Resets; nil ends it. It is for looking on, as a profile or a summary does: what fn is given is read only.
func (t *Tape) OnOp(fn func(name string, in []*Var, out *Var)) { t.onOp = fn }

// Param returns the parameter whose value v is, or nil.
func (v *Var) Param() *Param { return v.param }
