package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A keeper is something of the run, besides its vectors, that decides how training goes on: a schedule that follows a
// metric, counters of a trigger, the patience of early stopping. It is the same on all ranks. A checkpoint holds its
// state as JSON.
type keeper interface {
	// section names the state: the field of Config that asks for it, which job.settings lists.
	section() string
	// save gives the state, as json.Marshal takes it.
	save() (any, error)
	// load sets the state from what save gave.
	load(text json.RawMessage) error
}

// saveKept gives the state of all keepers, by section.
func saveKept(keepers []keeper) (map[string]json.RawMessage, error) {
	if len(keepers) == 0 {
		return nil, nil
	}
	sections := map[string]json.RawMessage{}
	for _, k := range keepers {
		state, err := k.save()
		if err != nil {
			return nil, fmt.Errorf("the state of %s: %w", k.section(), err)
		}
		text, err := json.Marshal(state)
		if err != nil {
			return nil, fmt.Errorf("the state of %s: %w", k.section(), err)
		}
		sections[k.section()] = text
	}
	return sections, nil
}

// loadKept sets the state of all keepers. A keeper that the checkpoint says nothing of begins anew, and a section that
// no keeper takes is dropped: both are differences, which resume names or refuses. See keptDifferences.
func loadKept(keepers []keeper, sections map[string]json.RawMessage) error {
	for _, k := range keepers {
		text, ok := sections[k.section()]
		if !ok {
			continue
		}
		if err := k.load(text); err != nil {
			return fmt.Errorf("the state of %s: %w", k.section(), err)
		}
	}
	return nil
}

// keptDifferences lists the sections that only the checkpoint has, or only the run.
func keptDifferences(keepers []keeper, sections map[string]json.RawMessage) []difference {
	var list []difference
	var now []string
	for _, k := range keepers {
		now = append(now, k.section())
		if _, ok := sections[k.section()]; !ok {
			list = append(list, difference{k.section(), "without state", "with state"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		if !slices.Contains(now, name) {
			list = append(list, difference{name, "with state", "without state"})
		}
	}
	return list
}
