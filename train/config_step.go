package train

import "fmt"

// The fields of Config that say what a step does with its gradient.

// validateStep is Validate for them.
func (c Config) validateStep() error {
	switch {
	case !(c.ClipNorm >= 0):
		return fmt.Errorf("train: Config.ClipNorm = %v, want at least 0", c.ClipNorm)
	case !(c.ClipValue >= 0):
		return fmt.Errorf("train: Config.ClipValue = %v, want at least 0", c.ClipValue)
	case c.Accumulate < 0:
		return fmt.Errorf("train: Config.Accumulate = %d, want at least 1", c.Accumulate)
	case int(c.OnNotFinite) >= len(notFiniteNames):
		return fmt.Errorf("train: Config.OnNotFinite = %d, want NotFiniteStop or NotFiniteSkip", c.OnNotFinite)
	case c.MaxSkips < 0:
		return fmt.Errorf("train: Config.MaxSkips = %d, want at least 1", c.MaxSkips)
	case c.MaxSkips > 0 && c.OnNotFinite != NotFiniteSkip:
		return fmt.Errorf("train: Config.MaxSkips = %d and Config.OnNotFinite is %v: nothing is skipped", c.MaxSkips,
			c.OnNotFinite)
	}
	if err := c.validateMix(); err != nil {
		return err
	}
	return c.Average.validate()
}

// stepFields lists those that are set, and decide the bits.
func (c Config) stepFields() []field {
	var list []field
	if c.ClipNorm > 0 {
		list = append(list, field{"ClipNorm", fmt.Sprint(c.ClipNorm)})
	}
	if c.ClipValue > 0 {
		list = append(list, field{"ClipValue", fmt.Sprint(c.ClipValue)})
	}
	if c.Accumulate > 1 {
		list = append(list, field{"Accumulate", fmt.Sprint(c.Accumulate)})
	}
	if c.OnNotFinite != NotFiniteStop {
		list = append(list, field{"OnNotFinite", c.OnNotFinite.String()})
	}
	if c.Average != nil {
		average := *c.Average
		average.Apart = false
		list = append(list, field{"Average", describe(average)})
	}
	if c.Mix != nil {
		list = append(list, field{"Mix", describe(*c.Mix)})
	}
	for _, p := range c.Phases {
		list = append(list, field{"Phases." + p.Name, fmt.Sprintf("%s by %s%s", p.Params, p.Optimizer.Name(), describe(p.Optimizer))})
	}
	return list
}
