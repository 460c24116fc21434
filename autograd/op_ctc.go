package autograd

import (
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// CTCOptions says how CTC reads its operands.
type CTCOptions struct {
	Blank int // the class that means "no symbol"; default 0
	// ZeroInfinity makes a sample whose symbols do not fit its input count as loss 0; otherwise its loss is +Inf. Either way it
	// has no gradient.
	ZeroInfinity bool
}

// CTC returns, for every sample, minus the logarithm of the probability that a network's outputs over time spell the sample's
// symbols, summed over all ways to stretch the symbols by repetition and by blanks.
//
//	x [T, N, C] logarithms of probabilities
//	targets [N, S], Int64 or Int32, row i uses its first targetLengths[i]; or [Σ targetLengths]
//	inputLengths [N], each at most T          targetLengths [N]                 result [N]
//
// It works in logarithms and float64, by the forward-backward recursion: O(N·T·S) time, 8·N·T·(2S+1) bytes. It panics if shapes
// and lengths disagree, and with a *LabelError if a symbol is the blank or no class. Source: Graves et al., ICML 2006.
func CTC(x *Var, targets *tensor.Tensor, inputLengths, targetLengths []int, o CTCOptions) *Var {
	n := ctcOp.on(x)
	if x.Rank() != 3 {
		n.op.panicf("x %v: want [T, N, C]", x.Shape())
	}
	targets = n.integers("targets", targets)
	T, N, C := x.Dim(0), x.Dim(1), x.Dim(2)
	if len(inputLengths) != N || len(targetLengths) != N {
		n.op.panicf("x %v: %d input lengths and %d target lengths, want %d of each", x.Shape(), len(inputLengths), len(targetLengths), N)
	}
	if o.Blank < 0 || o.Blank >= C {
		n.op.panicf("blank %d of %d classes", o.Blank, C)
	}
	total, longest := 0, 0
	for i, s := range targetLengths {
		if inputLengths[i] < 0 || inputLengths[i] > T || s < 0 {
			n.op.panicf("sample %d: input length %d of %d steps, target length %d", i, inputLengths[i], T, s)
		}
		total, longest = total+s, max(longest, s)
	}
	padded := targets.Rank() == 2
	if padded && (targets.Dim(0) != N || targets.Dim(1) < longest) || !padded && (targets.Rank() != 1 || targets.Dim(0) != total) {
		n.op.panicf("targets %v for %d samples of together %d symbols, at most %d: want [N, S] or [%[3]d]",
			slices.Clone(targets.Shape()), N, total, longest)
	}
	// Each sample's symbols, where they begin, and both lengths, in one table: the loops run on the workers.
	plan := n.save(1, tensor.Int64, N, 3)
	for i, at := 0, 0; i < N; i++ {
		start := at
		if padded {
			start = i * targets.Dim(1)
		}
		copy(tensor.Data[int64](plan)[3*i:], []int64{int64(start), int64(targetLengths[i]), int64(inputLengths[i])})
		for _, k := range tensor.Data[int64](targets)[start : start+targetLengths[i]] {
			if k < 0 || k >= int64(C) || k == int64(o.Blank) {
				panic(&LabelError{Op: n.op.name, Row: i, Label: k, Classes: C})
			}
		}
		at += targetLengths[i]
	}
	n.targets, n.ints[0], n.ints[1] = targets, o.Blank, 2*longest+1
	if o.ZeroInfinity {
		n.ints[2] = 1
	}
	n.saveSlopes(0)
	n.save(2, tensor.Float64, N, T+3, n.ints[1]) // α, and β of two moments
	return n.run(N)
}

var ctcOp = &op{"CTC", kernels{ctcForward, ctcBackward[float32]}, kernels{ctcForward, ctcBackward[float64]}}

func ctcForward(n *node) { n.each(n.out.Len(), 1, ctcLoop[float32], ctcLoop[float64]) }

func ctcLoop[T vec.Float](n *node, lo, hi int) {
	for i := lo; i < hi; i++ {
		s := newCTCSample[T](n, i)
		loss := -s.alpha()
		if n.saved[0] != nil {
			s.slopes(loss)
		}
		if n.ints[2] == 1 && math.IsInf(loss, 1) {
			loss = 0
		}
		out[T](n)[i] = T(loss)
	}
}

// The derivative with respect to x is minus the probability, given the symbols, of being at the class at the time; each sample's
// is multiplied by its loss's gradient.
func ctcBackward[T vec.Float](n *node) {
	dx, slope, dy, c := begin[T](n, 0), tensor.Data[T](n.saved[0]), outGrad[T](n), n.in[0].Dim(2)
	for t := range n.in[0].Dim(0) {
		rows := t * len(dy) * c
		scaleRows(dx[rows:rows+len(dy)*c], slope[rows:rows+len(dy)*c], dy)
	}
	end[T](n, 0)
}

// ctcSample is the recursion over one sample. Its states are the symbols with blanks between and around them.
type ctcSample[T vec.Float] struct {
	x, dx   []T     // from the sample's first element on
	symbols []int64 // S of them
	blank   int
	steps   int       // of time
	stride  int       // elements from one moment of x to the next
	classes int       // C
	states  int       // 2S+1
	width   int       // of a row of room
	room    []float64 // steps+3 rows
}

func newCTCSample[T vec.Float](n *node, i int) ctcSample[T] {
	C, width := n.in[0].Dim(2), n.ints[1]
	plan := tensor.Data[int64](n.saved[1])[3*i:]
	rows := n.saved[2].Dim(1)
	s := ctcSample[T]{
		x: in[T](n, 0)[i*C:], symbols: tensor.Data[int64](n.targets)[plan[0] : plan[0]+plan[1]], blank: n.ints[0],
		steps: int(plan[2]), stride: n.in[0].Dim(1) * C, classes: C, states: 2*int(plan[1]) + 1, width: width,
		room: tensor.Data[float64](n.saved[2])[i*rows*width : (i+1)*rows*width],
	}
	if d := savedSlopes[T](n, 0); d != nil {
		s.dx = d[i*C:]
		for t := range n.in[0].Dim(0) { // of moments past the sample's end too
			clear(s.dx[t*s.stride:][:C])
		}
	}
	return s
}

// class returns the class of a state.
func (s *ctcSample[T]) class(state int) int {
	if state%2 == 0 {
		return s.blank
	}
	return int(s.symbols[state/2])
}

// jumps reports whether a path may go from state−2 straight to state: past a blank, to another symbol.
func (s *ctcSample[T]) jumps(state int) bool {
	return state%2 == 1 && state >= 2 && s.symbols[state/2] != s.symbols[state/2-1]
}

func (s *ctcSample[T]) row(t int) []float64 { return s.room[t*s.width:][:s.states] }

// alpha fills row t with the log probabilities of all paths that are at each state at time t, and returns that of the whole.
func (s *ctcSample[T]) alpha() float64 {
	if s.steps == 0 {
		if s.states == 1 {
			return 0 // nothing spells nothing
		}
		return math.Inf(-1)
	}
	for t := range s.steps {
		a, x := s.row(t), s.x[t*s.stride:]
		for k := range a {
			v := math.Inf(-1)
			switch {
			case t > 0:
				before := s.row(t - 1)
				v = before[k]
				if k > 0 {
					v = logAdd(v, before[k-1])
				}
				if s.jumps(k) {
					v = logAdd(v, before[k-2])
				}
			case k < 2:
				v = 0
			}
			a[k] = v + float64(x[s.class(k)])
		}
	}
	last := s.row(s.steps - 1)
	if s.states == 1 {
		return last[0]
	}
	return logAdd(last[s.states-1], last[s.states-2])
}

// slopes runs the recursion backwards in time and stores the derivatives. β of a state is the log probability of all ways to go on
// from it to the end, not counting the moment itself.
func (s *ctcSample[T]) slopes(loss float64) {
	if math.IsInf(loss, 1) {
		return
	}
	next, beta := s.row(s.steps+1), s.row(s.steps+2)
	for t := s.steps - 1; t >= 0; t-- {
		for k := range beta {
			v := math.Inf(-1)
			switch {
			case t < s.steps-1:
				after := s.x[(t+1)*s.stride:]
				v = next[k] + float64(after[s.class(k)])
				if k+1 < s.states {
					v = logAdd(v, next[k+1]+float64(after[s.class(k+1)]))
				}
				if k+2 < s.states && s.jumps(k+2) {
					v = logAdd(v, next[k+2]+float64(after[s.class(k+2)]))
				}
			case k >= s.states-2:
				v = 0
			}
			beta[k] = v
			s.dx[t*s.stride+s.class(k)] -= T(math.Exp(s.row(t)[k] + v + loss))
		}
		next, beta = beta, next
	}
}

// logAdd returns log(eᵃ + eᵇ).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
