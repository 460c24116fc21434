package metrics

import "slices"

// Options say how the outputs and labels of a classifier are read. The zero value is right for logits and labels from
// 0.
//
//	output [N, C], [N, C, ...]   scores of C classes   labels [N], [N, ...] Int64, Int32, Uint8 or Bool
//	output [N], [N, 1], [N, 1, ...]   one yes-or-no question   labels of its shape or without the axis of 1
//
// Labels may be floats too, as losses take them: of a yes-or-no question a yes is above ½, so that 0 and 1 are read
// as well as −1 and 1; class probabilities of the output's shape stand for their largest. Of equal scores the first
// is the prediction. Scores must not be NaN.
type Options struct {
	// Probabilities says that outputs are probabilities. Else they are logits: yes begins at 0, not at ½, and metrics
	// that compare rows take a softmax or a sigmoid first.
	Probabilities bool
	// ClassesLast says that an output of three axes or more is [N, ..., C], as language models return it, where
	// losses take [N, C, ...].
	ClassesLast bool
	// Ignore lists labels that do not count, beside negative ones: 255 where images have a border, a padding's 0.
	Ignore []int64
}

// ignores reports whether a label does not count.
func (o *Options) ignores(label int64) bool { return label < 0 || slices.Contains(o.Ignore, label) }
