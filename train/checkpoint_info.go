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
	Score          string    // what Config.Score followed
	Best           int       // the epoch that scored best, from 1; 0 if none was tested
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
	if p.Best < 0 || p.Best > len(p.At.History) {
		return nil, fmt.Errorf("train: the checkpoint's best epoch is %d of %d", p.Best, len(p.At.History))
	}
	if p.Format != checkpointFormat {
		return nil, fmt.Errorf("train: the checkpoint has format %d, want %d", p.Format, checkpointFormat)
	}
	info := &CheckpointInfo{Epoch: p.At.Epoch, Step: p.At.Step, Optimizer: p.Optimizer, OptimizerSteps: p.OptimizerSteps,
		History: p.At.History, Score: p.Score, Best: p.Best, Sections: slices.Sorted(maps.Keys(p.Sections))}
	for _, f := range renamed(p.Settings) {
		info.Settings = append(info.Settings, Setting(f))
	}
	return info, nil
}
