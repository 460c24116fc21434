package train

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Average keeps an average of the weights beside the weights, which generalises better than the last ones: an exponential
// one (EMA, Polyak), or the mean over epochs (SWA). The zero value is an EMA of decay 0.999.
//
//	EMA   a ← a + (1−d)·(w−a)       after each step
//	SWA   a ← a + (w−a)/(n+1)       after the last step of an epoch, for the (n+1)st time
//
// The first average is the weights themselves. An evaluation is of the average as soon as there is one, and Run ends with
// it in the model, unless Apart is set. Under [Sharded] each rank keeps its slice. A checkpoint holds the weights, and the
// average as one more vector of the optimizer's, "optimizer/average"; a resumed run ends with the same bits; one that
// Config.ResumeWith allows to take Average up begins its average there, and one that gives it up forgets it. Frozen
// parameters and buffers are not averaged: running statistics are those of the last weights, which SWA with batch
// normalisation may want estimated anew, as torch.optim.swa_utils.update_bn does. A step that is skipped adds nothing;
// under SWA nor does the epoch whose last it is.
//
// Source: torch.optim.swa_utils; Izmailov et al., arXiv:1803.05407.
type Average struct {
	// Decay is d, in [0, 1). Default 0.999. EMA alone.
	Decay float64
	// WarmUp makes the decay grow to Decay: at the (n+1)st average it is at most 1−(1+n)^(−2/3), as in timm's ModelEmaV3.
	// EMA alone.
	WarmUp bool
	// SWA averages epochs with equal weights.
	SWA bool
	// From is the number of epochs before the first that is averaged.
	From int
	// Apart leaves the weights in the model as Run ends: the average is in the checkpoint alone. Config.Early without
	// KeepLast ends with its best weights all the same, which are an average.
	Apart bool
}

func (a *Average) validate() error {
	switch {
	case a == nil:
		return nil
	case !(a.Decay >= 0 && a.Decay < 1):
		return fmt.Errorf("train: Config.Average.Decay = %v, want 0 <= Decay < 1", a.Decay)
	case a.From < 0:
		return fmt.Errorf("train: Config.Average.From = %d, want at least 0", a.From)
	case a.SWA && (a.Decay != 0 || a.WarmUp):
		return fmt.Errorf("train: Config.Average.SWA is set, with Decay = %v and WarmUp = %v, which are an EMA's", a.Decay,
			a.WarmUp)
	}
	return nil
}

// share gives how much of the distance to the weights the average goes, as the (n+1)st.
func (a *Average) share(n int) float64 {
	switch {
	case a.SWA:
		return 1 / float64(n+1)
	case n == 0:
		return 1
	}
	decay := option.Float(a.Decay, 0.999)
	if a.WarmUp {
		decay = min(decay, 1-math.Pow(float64(n+1), -2.0/3))
	}
	return 1 - decay
}

const averageSlot = "average"

// averages is the exchange that keeps it: it has nothing to exchange, for what it averages is the same on all ranks.
type averages[T float] struct {
	idle
	recipe *Average
	group  *collectives.Group
	job    *job
	at     *position
	list   []*meanOf[T]
	room   []T // for the whole flat vector, between two steps
}

// meanOf is the average of one vector.
type meanOf[T float] struct {
	suffix string // of its name
	whole  []T    // the weights
	bounds []int  // of the ranks' slices
	from   int    // where this rank's begins
	mean   []T    // of this rank's slice
}

func newAverages[T float](j *job, g *collectives.Group, at *position, room []T) *averages[T] {
	a := &averages[T]{recipe: j.c.Average, group: g, job: j, at: at, room: room}
	size, rank := g.Size(), g.Rank()
	add := func(suffix string, whole []T, bounds []int) {
		v := &meanOf[T]{suffix: suffix, whole: whole, bounds: bounds, from: bounds[rank]}
		to := bounds[rank+1]
		if j.c.Sync == AllReduce {
			v.from, to = 0, len(whole)
		}
		v.mean = make([]T, to-v.from)
		a.list = append(a.list, v)
	}
	add("", tensor.Data[T](j.set.Value()), sliceBounds(j.set.Len(), size))
	for _, p := range j.sparse {
		bounds := []int{0}
		for r := range size {
			_, hi := collectives.Slice(p.height, size, r)
			bounds = append(bounds, hi*p.width)
		}
		add("/"+p.name, tensor.Data[T](p.param.Value()), bounds)
	}
	return a
}

// commit averages in what the exchanges before it have committed.
func (a *averages[T]) commit(update) {
	last := a.at.Step == a.job.plan.Steps()-1
	if a.at.Epoch < a.recipe.From || a.recipe.SWA && !last {
		return
	}
	share := T(a.recipe.share(a.at.Averaged))
	a.at.Averaged++
	for _, v := range a.list {
		w, mean := v.whole[v.from:v.from+len(v.mean)], v.mean
		if share == 1 {
			copy(mean, w)
			continue
		}
		parallel.For(len(mean), 1<<14, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				mean[i] += T(share * (w[i] - mean[i]))
			}
		})
	}
}

func (a *averages[T]) pieces() []piece {
	var list []piece
	for _, v := range a.list {
		list = append(list, newPiece(slotKey(averageSlot, v.suffix), len(v.whole), v.from, v.mean))
	}
	return list
}

// load takes the average of a checkpoint. Of one that has averaged nothing, such as a run's without Average, there is
// none to take.
func (a *averages[T]) load(ctx context.Context, from *snapshot) error {
	if a.at.Averaged == 0 {
		return nil
	}
	for _, p := range a.pieces() {
		missing, err := fill(ctx, a.group, tensor.Data[T](p.data), p.lo, from.named(p.name))
		if err != nil {
			return fmt.Errorf("train: sharing %s: %w", p.name, err)
		}
		if missing != nil {
			return fmt.Errorf("train: no rank has elements [%d, %d) of %s", missing.lo, missing.hi, p.name)
		}
	}
	return nil
}

// swap puts the average into the model, if there is one yet, and gives what puts the weights back. All ranks call it,
// between two steps.
func (a *averages[T]) swap(ctx context.Context) (back func(), err error) {
	if a == nil || a.at.Averaged == 0 {
		return func() {}, nil
	}
	var rooms [][]T
	for i, v := range a.list {
		room := a.room
		if i > 0 {
			room = make([]T, len(v.whole))
		}
		copy(room[v.from:], v.mean)
		if a.job.c.Sync == Sharded {
			if err := collectives.AllGatherSlices(ctx, a.group, room, v.bounds); err != nil {
				return nil, fmt.Errorf("train: fetching %s: %w", slotKey(averageSlot, v.suffix), err)
			}
		}
		rooms = append(rooms, room)
	}
	exchange := func() {
		for i, v := range a.list {
			for k, w := range v.whole {
				v.whole[k], rooms[i][k] = rooms[i][k], w
			}
		}
	}
	exchange()
	return exchange, nil
}

// ofAverage says whether a vector of that name is an average, or a part of one.
func ofAverage(name string) bool {
	rest, ok := strings.CutPrefix(name, layers.OptimizerPrefix+averageSlot)
	return ok && (rest == "" || rest[0] == '/')
}

// averageSlots lists the vectors that a checkpoint holds of it.
func (j *job) averageSlots() []slotName {
	if j.c.Average == nil {
		return nil
	}
	list := []slotName{{layers.OptimizerPrefix + averageSlot, j.set.Len()}}
	for _, p := range j.sparse {
		list = append(list, slotName{slotKey(averageSlot, "/"+p.name), p.height * p.width})
	}
	return list
}
