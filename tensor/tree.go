package tensor

// This file adds up the leaves of a reduction pairwise, as they come: as a binary number counts them, a level holds
// what 2ˡ leaves made, and two of a level make one of the next. What is left at the end joins from the smallest to the
// largest. The tree depends on the number of leaves alone, and an operand is never but to the left of what came later.

const treeLevels = 48 // leaves are fewer than 2⁴⁸

// numbers is a tree of single numbers. Its zero value is empty, and so is one with leaves set to 0.
type numbers[A any] struct {
	level  [treeLevels]A
	leaves uint
}

func (t *numbers[A]) push(join func(a, b A) A, v A) {
	l := 0
	for ; t.leaves>>l&1 == 1; l++ {
		v = join(t.level[l], v)
	}
	t.level[l] = v
	t.leaves++
}

// total returns all leaves joined, or none if there are none.
func (t *numbers[A]) total(join func(a, b A) A, none A) A {
	v, some := none, false
	for l := 0; t.leaves>>l != 0; l++ {
		switch {
		case t.leaves>>l&1 == 0:
		case some:
			v = join(t.level[l], v)
		default:
			v, some = t.level[l], true
		}
	}
	return v
}

// vectors is a tree of rows of results, width long, in buffers of a scratch. It fills one buffer after another: begin
// gives the first leaf's, push takes that and gives the next one's, and total takes the last one's.
type vectors[A any] struct {
	level  [treeLevels][]A // up to height
	leaves uint
	height int
	width  int
	used   int // buffers
}

func (t *vectors[A]) begin(s *scratch, width int) []A {
	t.leaves, t.height, t.width, t.used = 0, 0, width, 0
	return t.next(s)
}

func (t *vectors[A]) next(s *scratch) []A {
	t.used++
	return extra[A](s, t.used-1, t.width)
}

func (t *vectors[A]) push(s *scratch, joinTo func(acc, b []A), v []A) (free []A) {
	l := 0
	for ; t.leaves>>l&1 == 1; l++ {
		joinTo(t.level[l], v)
		v, t.level[l] = t.level[l], v
	}
	t.leaves++
	if l == t.height {
		t.height++
		t.level[l] = v
		return t.next(s)
	}
	v, t.level[l] = t.level[l], v
	return v
}

func (t *vectors[A]) total(joinTo func(acc, b []A), v []A) []A {
	for l := 0; t.leaves>>l != 0; l++ {
		if t.leaves>>l&1 == 1 {
			joinTo(t.level[l], v)
			v = t.level[l]
		}
	}
	return v
}
