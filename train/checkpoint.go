package train

import "encoding/json"

// A checkpoint is a safetensors file: the model's state dictionary, so that layers.LoadStateDict or PyTorch can take
// it; all other pieces of the snapshot, under names that begin with layers.OptimizerPrefix (see [piece]): the moments,
// what rounding owes; and in its metadata, under checkpointKey, the progress. It holds whole vectors, whatever the
// strategy and the number of ranks.
//
// It is written and read vector by vector, a chunk at a time (checkpoint_write.go, checkpoint_read.go), by rank 0.
// Which files there are is in checkpoint_files.go; when they are written, in saver.go.
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
	Score          string                     `json:",omitempty"` // what the best is the best by
	Best           int                        `json:",omitempty"` // its epoch, from 1; 0: none
}

// progress gives what a checkpoint of s says.
func (r *run[T]) progress(s *snapshot) (string, error) {
	sections, err := saveKept(r.keepers)
	if err != nil {
		return "", err
	}
	score, _ := r.job.c.followed()
	text, err := json.Marshal(progress{Score: score, Best: r.job.c.best(s.at.History) + 1, Format: checkpointFormat, Optimizer: r.job.c.Optimizer.Name(),
		OptimizerSteps: s.steps, Settings: r.job.settings(r.group), At: s.at, Sections: sections})
	if err != nil {
		return "", err
	}
	return string(text), nil
}
