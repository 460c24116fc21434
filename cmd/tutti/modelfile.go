package main

// What a model file says besides its tensors: all that is needed to make the model again and to read data for it.

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// metaKey is where a model file keeps its recipe.
const metaKey = "tutti.recipe"

// recipeVersion is that of the recipes written. Older ones are read.
const recipeVersion = 1

// recipe is how a model was made and what it was trained on.
type recipe struct {
	Version int            `json:"version"`
	Model   string         `json:"model"`
	Options map[string]any `json:"options,omitempty"`
	Loss    string         `json:"loss,omitempty"` // as --loss has it
	Layout  *layout        `json:"columns"`
}

// meta returns what the model file of a job says.
func (j *job) meta() (map[string]string, error) {
	text, err := json.Marshal(recipe{recipeVersion, j.model.Name, j.options, j.trainOptions.loss, j.data.layout})
	if err != nil {
		return nil, err
	}
	return map[string]string{"tutti.model": j.model.Name, metaKey: string(text)}, nil
}

// readRecipe reads the recipe of a model file.
func readRecipe(path string) (*recipe, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, ok := f.Meta()[metaKey]
	if !ok {
		return nil, fmt.Errorf("%s does not say how its model was made: want one that tutti train wrote", path)
	}
	r, err := parseRecipe(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, metaKey, err)
	}
	return r, nil
}

// parseRecipe reads and checks a recipe.
func parseRecipe(text string) (*recipe, error) {
	var r recipe
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, err
	}
	switch {
	case r.Version < 1 || r.Version > recipeVersion:
		return nil, fmt.Errorf("version %d, this program knows 1 to %d", r.Version, recipeVersion)
	case r.Layout == nil || len(r.Layout.Inputs) == 0:
		return nil, errors.New("has no inputs")
	}
	for _, c := range append(r.Layout.Inputs[:len(r.Layout.Inputs):len(r.Layout.Inputs)], r.Layout.Target) {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		}
	}
	if _, err := lossFor(r.Loss, r.Layout.Task); err != nil {
		return nil, err
	}
	return &r, nil
}

// check refuses what no training writes.
func (c column) check() error {
	size := 1
	for _, d := range c.Shape {
		if d < 1 || size > 1<<28/d {
			return fmt.Errorf("shape %v", c.Shape)
		}
		size *= d
	}
	if c.Image != nil {
		if err := c.Image.check(); err != nil {
			return err
		}
	}
	switch {
	case c.Name == "" || len(c.From) == 0:
		return errors.New("is made of nothing")
	case c.Classes < 0 || c.Classes > 1<<28 || len(c.ClassNames) > c.Classes:
		return fmt.Errorf("%d classes with %d names", c.Classes, len(c.ClassNames))
	case c.Wide && (c.Mean == nil || c.Classes > 0 || c.Image != nil):
		return errors.New("wide, and no means")
	case len(c.Mean) != len(c.Std):
		return fmt.Errorf("%d means and %d deviations", len(c.Mean), len(c.Std))
	case c.Mean != nil && len(c.Mean) != channels(c.Shape):
		return fmt.Errorf("%d means for the shape %v", len(c.Mean), c.Shape)
	}
	for _, s := range c.Std {
		if !(s > 0) {
			return fmt.Errorf("deviation %v, want one above 0", s)
		}
	}
	return nil
}

func channels(shape []int) int {
	if len(shape) == 0 {
		return 1
	}
	return shape[0]
}

// trained is a model that was read from its file.
type trained struct {
	*recipe
	model any
	loss  layers.Loss
}

// loadModel makes the model of a file again.
func loadModel(path string) (*trained, error) {
	r, err := readRecipe(path)
	if err != nil {
		return nil, err
	}
	m, err := r.build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := layers.Load(path, m.model); err != nil {
		return nil, err
	}
	return m, nil
}

// build makes the model, with weights that are still to be read.
func (r *recipe) build() (*trained, error) {
	entry, ok := models.Find(r.Model)
	if !ok {
		return nil, fmt.Errorf("its model is %q, which this program does not have", r.Model)
	}
	model, err := entry.Build(rand.New(rand.NewPCG(0, 0)), r.Layout.data(), r.Options)
	if err != nil {
		return nil, err
	}
	loss, err := lossFor(r.Loss, r.Layout.Task)
	return &trained{r, model, loss}, err
}
