package train

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/summary"
)

// Metrics are sums and means over a set of samples.
type Metrics struct {
	Loss float64 // mean over the samples, or what else the loss divides by
	// Correct counts the samples whose largest output is at their label, or whose one output is on the right side of
	// yes and no; -1 where there are neither.
	Correct int
	Samples int
	Ignored int // of the samples, those whose label is negative, and belongs to no class: neither right nor wrong
	// Values are those of Config.Metrics, in their order, each followed by its parts: "f1-macro", "f1-macro/class 3".
	Values []metrics.Named
}

// Value gives the number of that name: "loss", "accuracy", or one of Values; NaN and false if there is none.
func (m Metrics) Value(name string) (float64, bool) {
	for _, v := range m.Values {
		if v.Name == name {
			return v.Value, true
		}
	}
	switch {
	case name == "loss":
		return m.Loss, true
	case name == "accuracy" && m.Correct >= 0:
		return m.Accuracy(), true
	}
	return math.NaN(), false
}

// Accuracy is Correct as a fraction of the samples that are not ignored, from 0 to 1; NaN where nothing is right or
// wrong. It counts where the data has classes, and where the loss asks one yes-or-no question about each sample, as
// BCEWithLogits of one logit does.
func (m Metrics) Accuracy() float64 {
	if m.Correct < 0 {
		return math.NaN()
	}
	return float64(m.Correct) / float64(m.Samples-m.Ignored)
}

// list gives the numbers as sinks take them: the loss, the accuracy if there is one, and the values.
func (m Metrics) list() []summary.Value {
	all := []summary.Value{{Name: "loss", Value: m.Loss}}
	named := func(v metrics.Named) bool { return v.Name == "accuracy" }
	if m.Correct >= 0 && !slices.ContainsFunc(m.Values, named) {
		all = append(all, summary.Value{Name: "accuracy", Value: m.Accuracy()})
	}
	for _, v := range m.Values {
		all = append(all, summary.Value(v))
	}
	return all
}

// metricsText is Metrics as JSON has them.
type metricsText struct {
	Loss                      number
	Correct, Samples, Ignored int
	Values                    []namedText `json:",omitempty"`
}

type namedText struct {
	Name  string
	Value number
}

// MarshalJSON writes numbers that are not finite, as of a metric of nothing, as text.
func (m Metrics) MarshalJSON() ([]byte, error) {
	text := metricsText{number(m.Loss), m.Correct, m.Samples, m.Ignored, nil}
	for _, v := range m.Values {
		text.Values = append(text.Values, namedText{v.Name, number(v.Value)})
	}
	return json.Marshal(text)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Metrics) UnmarshalJSON(text []byte) error {
	var t metricsText
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	*m = Metrics{float64(t.Loss), t.Correct, t.Samples, t.Ignored, nil}
	for _, v := range t.Values {
		m.Values = append(m.Values, metrics.Named{Name: v.Name, Value: float64(v.Value)})
	}
	return nil
}

// number is a float64 that JSON has as a number, or as "NaN", "+Inf" or "-Inf".
type number float64

func (x number) MarshalJSON() ([]byte, error) {
	if finite(float64(x)) {
		return json.Marshal(float64(x))
	}
	return strconv.AppendQuote(nil, strconv.FormatFloat(float64(x), 'g', -1, 64)), nil
}

func (x *number) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '"' {
		return json.Unmarshal(text, (*float64)(x))
	}
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(name, 64)
	if err != nil || finite(v) {
		return fmt.Errorf("%q is no number", name)
	}
	*x = number(v)
	return nil
}
