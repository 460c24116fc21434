package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// ErrNotFinite is wrapped by the error of a run whose loss or gradient became NaN or infinite, or so large that it
// would be so on its way to the other ranks. The weights are those before the step that found it.
var ErrNotFinite = errors.New("not finite")

// NotFinite says what becomes of a step whose loss or gradient is not finite. It never moves a weight.
type NotFinite uint8

const (
	NotFiniteStop NotFinite = iota // the run ends with an error that wraps ErrNotFinite
	NotFiniteSkip                  // the step is left out, and the run goes on: see Config.MaxSkips
)

var notFiniteNames = [...]string{NotFiniteStop: "stop", NotFiniteSkip: "skip"}

// String gives the name by which ParseNotFinite finds n: "stop" or "skip".
func (n NotFinite) String() string {
	if int(n) < len(notFiniteNames) {
		return notFiniteNames[n]
	}
	return fmt.Sprintf("NotFinite(%d)", n)
}

// ParseNotFinite gives what is called name: "stop" or "skip".
func ParseNotFinite(name string) (NotFinite, error) {
	for i, n := range notFiniteNames {
		if n == name {
			return NotFinite(i), nil
		}
	}
	return 0, fmt.Errorf("train: on not finite %q, want stop or skip", name)
}

// defaultMaxSkips is how many steps in a row may be skipped.
const defaultMaxSkips = 10

// notFinite finds what of a step is not finite, by its sums, the same on all ranks: the first error says what. The
// second is one of communication.
func (s *session[T]) notFinite(ctx context.Context, loss float64, sums []T, where func() string) (bad, err error) {
	switch {
	case !finite(loss):
		return fmt.Errorf("train: loss is %w: %v at %s", ErrNotFinite, loss,
			where()), nil
	case sums[sumInfinite] != 0:
		return s.check.err(ctx, s.group, where())
	}
	return nil, nil
}

// refuse ends a step that is not to be taken because of bad. Nothing has moved.
func (s *session[T]) refuse(bad error, came outcome) (outcome, error) {
	if s.job.c.OnNotFinite != NotFiniteSkip {
		return outcome{}, bad
	}
	s.at.Step++
	s.at.Skipped++
	s.at.InARow++
	if most := cmp.Or(s.job.c.MaxSkips, defaultMaxSkips); s.at.InARow > most {
		return outcome{}, fmt.Errorf("train: %d steps in a row are not finite, and Config.MaxSkips is %d: %w", s.at.InARow, most,
			bad)
	}
	came.norm, came.skipped = 0, bad
	return came, nil
}
