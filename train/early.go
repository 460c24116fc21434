package train

import "fmt"

// EarlyStopping ends a run whose score improves no more, and gives the model the weights that had the best: see
// [Config.Early]. The score is [Config.Score]'s of each evaluation, within epochs too where Config.ValidateWhen asks for
// some.
//
// The best weights are kept in memory beside the moments: the parameters and running statistics that change in training
// once more, on every rank under AllReduce, divided by the ranks under Sharded. They are in the checkpoint too, and so
// is what patience has seen.
type EarlyStopping struct {
	// Patience is how many evaluations in a row without an improvement end the run. Default 3.
	Patience int
	// MinDelta is by how much a score must be better than the best to be an improvement, at least 0. Default 0.
	MinDelta float64
	// KeepLast leaves the model with its last weights, and keeps no others.
	KeepLast bool
}

func (e *EarlyStopping) validate() error {
	switch {
	case e.Patience < 0:
		return fmt.Errorf("train: Config.Early.Patience = %d, want at least 1", e.Patience)
	case !(e.MinDelta >= 0) || !finite(e.MinDelta):
		return fmt.Errorf("train: Config.Early.MinDelta = %v, want at least 0", e.MinDelta)
	}
	return nil
}
