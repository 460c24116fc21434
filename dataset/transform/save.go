package transform

import (
	"fmt"
	"maps"

	"github.com/tutti-ml/tutti/layers"
)

// MetaKey is the key of a model file's metadata under which its pipeline is, as JSON. Tokens are there too, not in a
// tensor: other programs, and layers.Load, read the model as if there were no pipeline.
const MetaKey = "tutti.transform"

// Save writes model, p and meta, which may be nil, to a safetensors file: layers.Save with p in the metadata.
func Save(path string, model any, p *Pipeline, meta map[string]string) error {
	text, err := p.MarshalJSON()
	if err != nil {
		return fmt.Errorf("transform: Save: %w", err)
	}
	all := map[string]string{MetaKey: string(text)}
	maps.Copy(all, meta)
	return layers.Save(path, model, all)
}

// Load reads a model file into model, as layers.Load does, and returns its pipeline and its metadata. A file that has
// none gives an empty one. A Map gets the function of the Map of its name in functions; without one it is an error, and
// the model may have been read. A Filter has no function: Transform does without.
func Load(path string, model any, functions ...Map) (*Pipeline, map[string]string, error) {
	meta, err := layers.Load(path, model)
	if err != nil {
		return nil, nil, err
	}
	p, err := FromMeta(meta, functions...)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, meta, nil
}

// FromMeta returns the pipeline in the metadata of a model file, as Load does.
func FromMeta(meta map[string]string, functions ...Map) (*Pipeline, error) {
	text, ok := meta[MetaKey]
	if !ok {
		return &Pipeline{}, nil
	}
	p, err := parse([]byte(text))
	if err != nil {
		return nil, err
	}
	for i, op := range p.Ops {
		m, ok := op.(Map)
		if !ok {
			continue
		}
		for _, f := range functions {
			if f.Name == m.Name {
				m.Func = f.Func
			}
		}
		if m.Func == nil {
			return nil, fmt.Errorf("transform: op %d is Map %q, whose function is not given", i, m.Name)
		}
		p.Ops[i] = m
	}
	return p, nil
}
