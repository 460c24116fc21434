package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor/safetensors"
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
	Sections       map[string]json.RawMessage `json:",omitempty"` // the states of the run's keepers
}

// checkpoint writes the session's state to c.Checkpoint on rank 0, if there is one. All ranks call it, and all get the
// error.
func (r *run[T]) checkpoint() error {
	if r.job.c.Checkpoint == "" {
		return nil
	}
	shot, err := r.session.gathered(r.world, 0)
	if err != nil {
		return err
	}
	if r.group.Rank() == 0 {
		err = r.write(shot)
	}
	return share(r.world, r.group, err)
}

// write writes a snapshot whose pieces are whole.
func (r *run[T]) write(s *snapshot) error {
	path := r.job.c.Checkpoint
	sections, err := saveKept(r.keepers)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	meta, err := json.Marshal(progress{Format: checkpointFormat, Optimizer: r.job.c.Optimizer.Name(),
		OptimizerSteps: s.steps, Settings: r.job.settings(r.group), At: s.at,
		Sections: sections})
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	var list []safetensors.Named
	for _, p := range s.pieces {
		list = append(list, safetensors.Named{Name: p.name, Tensor: p.data})
	}
	if err := safetensors.WriteFile(path, list, map[string]string{checkpointKey: string(meta)}); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}

// load reads the checkpoint: what is of the model into the model, the rest into a snapshot. It gives the progress, as
// text, too. A missing file gives an empty text and no error, if that will do.
func (r *run[T]) load() (text []byte, shot *snapshot, err error) {
	c := r.job.c
	path := c.Checkpoint
	tensors, metadata, err := safetensors.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && c.Resume == AutoResume {
		return nil, nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("train: Config.Resume is %v, and there is no checkpoint to resume from: %w",
			c.Resume, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	fail := func(format string, args ...any) ([]byte, *snapshot, error) {
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
	shot = &snapshot{at: p.At, steps: p.OptimizerSteps}
	lengths := map[string]int{} // of the moments that are still missing
	for _, s := range r.job.slots() {
		lengths[s.name] = s.length
	}
	var model []safetensors.Named
	for _, n := range tensors {
		length, ok := lengths[n.Name]
		switch {
		case !strings.HasPrefix(n.Name, layers.OptimizerPrefix):
			model = append(model, n)
		case !ok:
			return fail("%s, which %s does not keep", n.Name, c.Optimizer.Name())
		case n.Tensor.DType() != r.job.dtype || n.Tensor.Len() != length:
			return fail("%s is %v%v, want a %v for each of the %d numbers that are trained: this is another model, "+
				"or other parameters of it were frozen or sparse", n.Name, n.Tensor.DType(), n.Tensor.Shape(),
				r.job.dtype, length)
		default:
			shot.pieces = append(shot.pieces, piece{n.Name, length, 0, length, n.Tensor})
			delete(lengths, n.Name)
		}
	}
	for name := range lengths {
		return fail("there is no %s, which %s keeps", name, c.Optimizer.Name())
	}
	if report, err := layers.LoadStateDict(c.Model, model, true); err != nil {
		return fail("%w", report.Err())
	}
	return []byte(meta), shot, nil
}
