package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/optim"
)

// This file says which number of an evaluation a run follows: what early stopping, a plateau schedule, MaxScore and the
// best checkpoint go by.

// followed gives the name of what the run follows, and which way it is better.
func (c Config) followed() (name string, better metrics.Direction) {
	name = c.Score
	if name == "" && len(c.Metrics) > 0 {
		name = c.Metrics[0].Name()
	}
	for _, m := range c.Metrics {
		if m.Name() == name {
			return name, m.Better()
		}
	}
	if name == "accuracy" {
		return name, metrics.Higher
	}
	return "loss", metrics.Lower
}

// score gives what the run follows of an evaluation. A greater one is better where better is Higher.
func (c Config) score(test Metrics) float64 {
	name, _ := c.followed()
	value, _ := test.Value(name)
	return value
}

// validateProgress is Validate for the metrics, the triggers, early stopping and the sinks.
func (c Config) validateProgress() error {
	if err := c.validateMetrics(); err != nil {
		return err
	}
	if err := c.validateTriggers(); err != nil {
		return err
	}
	if c.Early != nil {
		if err := c.Early.validate(); err != nil {
			return err
		}
	}
	for i, s := range c.Sinks {
		if s == nil {
			return fmt.Errorf("train: Config.Sinks[%d] is nil", i)
		}
	}
	return c.validateScore()
}

func (c Config) validateMetrics() error {
	var names []string
	for i, m := range c.Metrics {
		switch {
		case m == nil:
			return fmt.Errorf("train: Config.Metrics[%d] is nil", i)
		case slices.Contains(names, m.Name()):
			return fmt.Errorf("train: Config.Metrics[%d] is another %s, want one of each name", i, m.Name())
		case m.Name() == "loss" || m.Name() == "":
			return fmt.Errorf("train: Config.Metrics[%d] is called %q, want a name other than that of the loss", i, m.Name())
		}
		if err := makes(m); err != nil {
			return fmt.Errorf("train: Config.Metrics[%d]: %w", i, err)
		}
		names = append(names, m.Name())
	}
	if len(names) > 0 && c.LossFunc != nil && c.Output == nil {
		return fmt.Errorf("train: Config.Metrics has %s, and with Config.LossFunc there is no output for it: set "+
			"Config.Output", names[0])
	}
	return nil
}

// makes makes the panic of a metric that cannot be an error.
func makes(m metrics.Metric) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v (%s)", v, panics.At())
		}
	}()
	m.New()
	return nil
}

func (c Config) validateTriggers() error {
	clocks := 0
	for _, w := range c.whens() {
		if w.trigger == nil {
			continue
		}
		if err := w.trigger.check(); err != nil {
			return fmt.Errorf("train: Config.%s: %w", w.name, err)
		}
		clocks += clocksIn(w.trigger)
	}
	if clocks > maxClocks {
		return fmt.Errorf("train: Config has %d triggers that go by time, want at most %d", clocks, maxClocks)
	}
	if c.ValidateWhen != nil && c.Test == nil {
		return fmt.Errorf("train: Config.ValidateWhen is %q and Config.Test is nil", c.ValidateWhen)
	}
	if c.CheckpointWhen != nil && c.Checkpoint == "" {
		return fmt.Errorf("train: Config.CheckpointWhen is %q and Config.Checkpoint is empty", c.CheckpointWhen)
	}
	if c.EndWhen != nil && c.Epochs == 0 && epochsOf(c.EndWhen, 1) == 0 {
		return fmt.Errorf("train: Config.EndWhen is %q, which may never be, and Config.Epochs is 0: want a number that "+
			"bounds the run", c.EndWhen)
	}
	return nil
}

// validateScore makes sure that there is what the run follows, and that who follows it agrees on what is better.
func (c Config) validateScore() error {
	name, better := c.followed()
	if c.Score != "" && name != c.Score {
		names := []string{"loss", "accuracy"}
		for _, m := range c.Metrics {
			names = append(names, m.Name())
		}
		return fmt.Errorf("train: Config.Score = %q, want one of %q", c.Score, names)
	}
	plateau, ok := c.Schedule.(optim.Plateau)
	_, hears := c.Schedule.(optim.Feedback)
	who := ""
	switch {
	case c.Early != nil:
		who = "Early"
	case hears:
		who = "Schedule"
	}
	if who != "" && c.Test == nil {
		return fmt.Errorf("train: Config.%s follows %s of Config.Test, which is nil", who, name)
	}
	if _, none := c.ValidateWhen.(never); none && who != "" {
		return fmt.Errorf("train: Config.%s follows %s, and Config.ValidateWhen is %q: there is no %s to follow", who, name,
			c.ValidateWhen, name)
	}
	if c.Early != nil && better == metrics.Neither {
		return fmt.Errorf("train: Config.Early follows %s, of which no value is better than another", name)
	}
	if down := plateau.Mode != "max"; ok && down != (better == metrics.Lower) {
		return fmt.Errorf("train: Config.Schedule.Mode = %q, and %s, which it follows, is better when %v", plateau.Mode,
			name, better)
	}
	for _, w := range c.whens() {
		if better != metrics.Higher && goesByScore(w.trigger) {
			return fmt.Errorf("train: Config.%s is %q, and %s, the score, is better when %v", w.name, w.trigger, name, better)
		}
	}
	return nil
}

// progressFields lists what ranks must agree on, of what is not at its default.
func (c Config) progressFields() []field {
	var list []field
	if len(c.Metrics) > 0 {
		var texts []string
		for _, m := range c.Metrics {
			texts = append(texts, m.Name()+describe(m))
		}
		list = append(list, field{"Metrics", strings.Join(texts, ", ")})
	}
	if c.Score != "" {
		list = append(list, field{"Score", c.Score})
	}
	for _, w := range c.whens() {
		if w.trigger != nil {
			list = append(list, field{w.name, w.trigger.String()})
		}
	}
	if c.Early != nil {
		list = append(list, field{"Early", describe(*c.Early)})
	}
	return list
}

// scoreSettings lists what decides the bits of a run that goes by its score.
func (c Config) scoreSettings() []field {
	_, hears := c.Schedule.(optim.Feedback)
	if c.Early == nil && !hears {
		return nil
	}
	name, _ := c.followed()
	when := EveryEpoch()
	if c.ValidateWhen != nil {
		when = c.ValidateWhen
	}
	list := []field{{"Score", fmt.Sprintf("%s of %s, %v", name, describeSource(c.Test), when)}}
	if c.Early != nil {
		list = append(list, field{"Early", describe(*c.Early)})
	}
	return list
}

// when is a trigger and the field that it is of.
type when struct {
	name    string
	trigger Trigger
}

// The places of whens.
const (
	whenSummary = iota
	whenHistogram
	whenValidate
	whenCheckpoint
	whenEnd
	whensLen
)

// whens lists the triggers, nil where a field is at its default, in the order in which they are asked after a step.
func (c Config) whens() [whensLen]when {
	return [...]when{{"SummaryWhen", c.SummaryWhen}, {"HistogramWhen", c.HistogramWhen},
		{"ValidateWhen", c.ValidateWhen}, {"CheckpointWhen", c.CheckpointWhen}, {"EndWhen", c.EndWhen}}
}

// epochsOf gives the number of epochs of so many steps within which a trigger is sure to fire; 0 if there is none.
func epochsOf(t Trigger, steps int) int {
	epochs, _ := boundOf(t, steps)
	return epochs
}

// boundOf is epochsOf, and says whether the trigger fires after every step from then on.
func boundOf(t Trigger, steps int) (epochs int, lasts bool) {
	switch t := t.(type) {
	case maxEpoch:
		return int(t), true
	case maxSteps:
		return (int(t)-1)/steps + 1, true
	case everySteps:
		return (int(t)-1)/steps + 1, false
	case everyEpoch:
		return 1, false
	case and:
		for _, part := range t {
			n, lasts := boundOf(part, steps)
			if !lasts {
				return 0, false
			}
			epochs = max(epochs, n)
		}
		return epochs, true
	case or:
		lasts = true
		for _, part := range t {
			n, l := boundOf(part, steps)
			if n > 0 && (epochs == 0 || n < epochs) {
				epochs = n
			}
			lasts = lasts && l
		}
		return epochs, lasts
	}
	return 0, false
}

// goesByScore says whether MaxScore is a part of t.
func goesByScore(t Trigger) bool {
	switch t := t.(type) {
	case maxScore:
		return true
	case and:
		return slices.ContainsFunc(t, goesByScore)
	case or:
		return slices.ContainsFunc(t, goesByScore)
	}
	return false
}
