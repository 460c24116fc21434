package autograd

// varList hands out a step's Vars. Unlike the rest of a tape's memory they are not used again: a program that keeps one
// across Reset holds a Var that stays empty, and is told so, where it would hold some Var of the next step. It costs an
// allocation a step.
type varList struct {
	first []Var   // as many as the step before needed
	more  [][]Var // and what this one needs beyond, in chunks of arenaChunk
	n     int     // in use
	last  int     // the step before needed
}

// next returns a new, empty Var.
func (l *varList) next() *Var {
	switch over := l.n - len(l.first); {
	case l.n == 0:
		l.first = make([]Var, max(l.last, 8))
	case over >= 0 && over == len(l.more)*arenaChunk:
		l.more = append(l.more, make([]Var, arenaChunk))
	}
	l.n++
	return l.at(l.n - 1)
}

func (l *varList) at(i int) *Var {
	if i < len(l.first) {
		return &l.first[i]
	}
	i -= len(l.first)
	return &l.more[i/arenaChunk][i%arenaChunk]
}

// reset makes all Vars stale and leaves them to the garbage collector.
func (l *varList) reset() {
	if l.n == 0 {
		return
	}
	l.last = l.n
	clear(l.first) // a Var that is kept keeps nothing else alive
	for _, chunk := range l.more {
		clear(chunk)
	}
	*l = varList{last: l.n}
}
