package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// CheckpointInfo is what a checkpoint of Run says of the run, besides its tensors.
type CheckpointInfo struct {
	Epoch, Step    int       // epochs complete, and steps of the next one
	Optimizer      string    // its name
	OptimizerSteps int64     // that it has taken since the start of the run
	Settings       []Setting // what decides the bits, under the names of Config's fields
	History        []Epoch   // of the complete epochs
	Sections       []string  // names of what else it keeps, that is no tensor
}

// Setting is a field of Config, by name, and its value as text.
type Setting struct{ Name, Value string }

// ReadCheckpointInfo takes the metadata of a safetensors file and gives what it says of a run; nil if Run has not
// written the file. It returns an error if what is there cannot be read, or is of another format than Run resumes from.
func ReadCheckpointInfo(meta map[string]string) (*CheckpointInfo, error) {
	text, ok := meta[checkpointKey]
	if !ok {
		return nil, nil
	}
	var p progress
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, fmt.Errorf("train: what the checkpoint says: %w", err)
	}
	if p.Format != checkpointFormat {
		return nil, fmt.Errorf("train: the checkpoint has format %d, want %d", p.Format, checkpointFormat)
	}
	info := &CheckpointInfo{Epoch: p.At.Epoch, Step: p.At.Step, Optimizer: p.Optimizer, OptimizerSteps: p.OptimizerSteps,
		History: p.At.History, Sections: slices.Sorted(maps.Keys(p.Sections))}
	for _, f := range renamed(p.Settings) {
		info.Settings = append(info.Settings, Setting(f))
	}
	return info, nil
}

// Best gives the epoch that scored best on the test set, as Config.KeepBest counts; nil if none was tested.
func (i *CheckpointInfo) Best() *Epoch {
	var best *Epoch
	for n := range i.History {
		if e := &i.History[n]; e.Test.Samples > 0 && better(i.History[:n+1]) {
			best = e
		}
	}
	return best
}
