package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train/optim"
)

// A checkpoint is a safetensors file: the model's state dictionary, so that layers.LoadStateDict or PyTorch can take
// it; the optimizer's moments as flat vectors "optimizer/NAME", and those of a sparse parameter as
// "optimizer/NAME/PARAMETER"; and in its metadata, under checkpointKey, the progress. It holds whole vectors, whatever
// the strategy and the number of ranks.
const checkpointKey = "tutti.checkpoint"

// checkpointFormat is the version of what a checkpoint says. The first, which said little of the settings, is not
// read any more: a run that resumed from it could not know what had changed.
const checkpointFormat = 2

// progress is what a checkpoint says besides its tensors. The settings in it must be the same in the run that resumes,
// since its bits depend on them.
type progress struct {
	Format         int
	Optimizer      string
	OptimizerSteps int64
	Settings       []field
	At             position
}

// checkpoint writes the run's state to c.Checkpoint on rank 0, if there is one. All ranks call it, and all get the
// error.
func (r *run) checkpoint() error {
	if r.c.Checkpoint == "" {
		return nil
	}
	state, err := r.syncer.state(r.world)
	if err != nil {
		return fmt.Errorf("train: gathering the optimizer state: %w", err)
	}
	rows, err := r.tables.state(r.world)
	if err != nil {
		return fmt.Errorf("train: gathering the optimizer state: %w", err)
	}
	state = &optim.State{Steps: state.Steps, Slots: slices.Concat(state.Slots, rows)}
	if r.group.Rank() == 0 {
		err = r.write(state)
	}
	return share(r.world, r.group, err)
}

func (r *run) write(state *optim.State) error {
	meta, err := json.Marshal(progress{Format: checkpointFormat, Optimizer: r.c.Optimizer.Name(),
		OptimizerSteps: state.Steps,
		Settings:       r.settings(), At: r.at})
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	list := layers.StateDict(r.c.Model)
	for _, slot := range state.Slots {
		list = append(list, safetensors.Named{Name: layers.OptimizerPrefix + slot.Name, Tensor: tensor.FromSlice(slot.Data, len(slot.Data))})
	}
	if err := safetensors.WriteFile(r.c.Checkpoint, list, map[string]string{checkpointKey: string(meta)}); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}

// load reads the checkpoint into the model and gives its progress, as text, and the optimizer state. A missing file
// gives an empty text and no error, if that will do.
func (r *run) load() (text []byte, state *optim.State, err error) {
	path := r.c.Checkpoint
	tensors, metadata, err := safetensors.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && r.c.Resume == AutoResume {
		return nil, nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("train: Config.Resume is %v, and there is no checkpoint to resume from: %w",
			r.c.Resume, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	fail := func(format string, args ...any) ([]byte, *optim.State, error) {
		return nil, nil, fmt.Errorf("train: checkpoint %s: "+format, append([]any{path}, args...)...)
	}
	var p progress
	meta, ok := metadata[checkpointKey]
	if _, loop := metadata[loopKey]; loop && !ok {
		return fail("a Loop wrote it: Loop.Load goes on from it; for the model alone, layers.Load")
	}
	if !ok {
		return fail("it is a model, not a checkpoint: it does not say how far training had come")
	}
	if err := json.Unmarshal([]byte(meta), &p); err != nil {
		return fail("%w", err)
	}
	if p.Format != checkpointFormat {
		return fail("it has format %d, want %d: end the run with the version of tutti that began it, or begin "+
			"it again", p.Format, checkpointFormat)
	}
	if _, err := r.judge(p); err != nil {
		return fail("%w", err)
	}
	state = r.emptyState()
	slots := map[string]*optim.Slot{}
	for i := range state.Slots {
		slots[layers.OptimizerPrefix+state.Slots[i].Name] = &state.Slots[i]
	}
	var model []safetensors.Named
	for _, n := range tensors {
		slot, ok := slots[n.Name]
		switch {
		case !strings.HasPrefix(n.Name, layers.OptimizerPrefix):
			model = append(model, n)
		case !ok:
			return fail("%s, which %s does not keep", n.Name, r.c.Optimizer.Name())
		case n.Tensor.DType() != tensor.Float32 || n.Tensor.Len() != len(slot.Data):
			return fail("%s is %v%v, want a float32 for each of the %d numbers that are trained: this is another model, or other "+
				"parameters of it were frozen or sparse", n.Name, n.Tensor.DType(), n.Tensor.Shape(), len(slot.Data))
		default:
			copy(slot.Data, tensor.Data[float32](n.Tensor))
			delete(slots, n.Name)
		}
	}
	for name := range slots {
		return fail("there is no %s, which %s keeps", name, r.c.Optimizer.Name())
	}
	if report, err := layers.LoadStateDict(r.c.Model, model, true); err != nil {
		return fail("%w", report.Err())
	}
	return []byte(meta), state, nil
}

// emptyState gives an optimizer state for the whole vector and for all tables, in memory of its own.
func (r *run) emptyState() *optim.State {
	state := r.c.Optimizer.New(len(r.weights)).State()
	state.Slots = append(state.Slots, r.tables.empty()...)
	return state
}
