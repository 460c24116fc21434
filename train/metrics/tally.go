package metrics

import (
	"fmt"
	"slices"
)

// tally is a state of integers that add up. Their number, a function of the number of classes, is known from the
// first batch or the first state on; until then there are none. As words: tag, classes, counts.
type tally struct {
	name    string
	per     func(classes int) int // counts for that many classes
	classes int
	n       []int64
}

// maxClasses keeps a state that lies about its classes from asking for memory.
const maxClasses = 1 << 24

// sized makes room for the counts, and fails unless the classes are as many as before.
func (t *tally) sized(classes int) error {
	switch t.classes {
	case classes:
		return nil
	case 0:
		t.classes = classes
		t.n = make([]int64, t.per(classes))
		return nil
	}
	return fmt.Errorf("metrics: %s: %d classes after %d", t.name, classes, t.classes)
}

// State returns the counts.
func (t *tally) State() []int64 {
	return append([]int64{tag(t.name), int64(t.classes)}, t.n...)
}

// Merge adds the counts of another tally.
func (t *tally) Merge(state []int64) error {
	if err := checkTag(t.name, state, 2); err != nil {
		return err
	}
	classes, counts := state[1], state[2:]
	if classes < 0 || classes > maxClasses {
		return fmt.Errorf("metrics: %s: a state of %d classes", t.name, classes)
	}
	want := 0
	if classes > 0 {
		want = t.per(int(classes))
	}
	if len(counts) != want {
		return fmt.Errorf("metrics: %s: a state of %d classes has %d counts, want %d", t.name, classes, len(counts),
			want)
	}
	if i := slices.IndexFunc(counts, func(n int64) bool { return n < 0 }); i >= 0 {
		return fmt.Errorf("metrics: %s: count %d of a state is %d", t.name, i, counts[i])
	}
	if classes == 0 {
		return nil
	}
	if err := t.sized(int(classes)); err != nil {
		return err
	}
	for i, n := range counts {
		t.n[i] += n
	}
	return nil
}

// checkTag fails unless state is of the metric of that name, with at least so many words.
func checkTag(name string, state []int64, least int) error {
	if len(state) < least {
		return fmt.Errorf("metrics: %s: a state of %d words, want at least %d", name, len(state), least)
	}
	if state[0] != tag(name) {
		return fmt.Errorf("metrics: %s: the state is of another metric: tag %x, want %x", name, uint64(state[0]),
			uint64(tag(name)))
	}
	return nil
}

// ratio returns a/b, NaN if b is 0.
func ratio(a, b int64) float64 { return float64(a) / float64(b) }
