package launch

// guard does nothing: no process groups are here to kill.
type guard struct{}

func newGuard() *guard            { return nil }
func (g *guard) watch(group int)  {}
func (g *guard) forget(group int) {}
func (g *guard) close()           {}
