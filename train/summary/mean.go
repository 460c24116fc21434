package summary

// Mean puts several steps together to one, for a sink that keeps a point every so many steps.
type Mean struct {
	every, steps int
	last         Step
	weight, loss float64 // sums over the steps
	samples      int
	phases       Phases
	values       []sum
	mean         []Value // memory of what is returned
}

// sum is that of a value, and of what its steps weigh.
type sum struct {
	name          string
	value, weight float64
}

// NewMean returns a Mean of every steps; less than 1 counts as 1.
func NewMean(every int) *Mean { return &Mean{every: max(every, 1)} }

// Add counts s. Every so many steps it returns what they are together, and their number; otherwise that number is 0.
//
// Loss and Values are means, weighted by the samples of the steps (a step without samples weighs 1); Samples, Phases
// and Elapsed are sums; all else is that of the last step. Values belong to m until its next method. Add allocates
// nothing once it has met all names.
func (m *Mean) Add(s Step) (together Step, steps int) {
	weight := float64(max(s.Samples, 1))
	m.weight += weight
	m.loss += weight * s.Loss
	m.samples += s.Samples
	m.phases = m.phases.Add(s.Phases)
	for _, v := range s.Values {
		i := 0
		for i < len(m.values) && m.values[i].name != v.Name {
			i++
		}
		if i == len(m.values) {
			m.values = append(m.values, sum{name: v.Name})
		}
		m.values[i].value += weight * v.Value
		m.values[i].weight += weight
	}
	s.Elapsed += m.last.Elapsed
	m.last = s
	if m.steps++; m.steps < m.every {
		return Step{}, 0
	}
	return m.Rest()
}

// Rest returns what the steps since the last point are together, as Add does; their number is 0 if there are none.
func (m *Mean) Rest() (together Step, steps int) {
	if m.steps == 0 {
		return Step{}, 0
	}
	together, steps = m.last, m.steps
	together.Loss, together.Samples, together.Phases = m.loss/m.weight, m.samples, m.phases
	m.mean = m.mean[:0]
	for i, v := range m.values {
		if v.weight > 0 {
			m.mean = append(m.mean, Value{v.name, v.value / v.weight})
		}
		m.values[i] = sum{name: v.name}
	}
	together.Values = m.mean
	m.steps, m.last, m.weight, m.loss, m.samples, m.phases = 0, Step{}, 0, 0, 0, Phases{}
	return together, steps
}
