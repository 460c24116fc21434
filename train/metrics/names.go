package metrics

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/internal/nearest"
)

// All lists the metrics by the names that flags and files use, each with its defaults.
var All = []Metric{
	Accuracy{},
	TopK{},
	ConfusionMatrix{},
	Precision{}, Precision{Average: Positive}, Precision{Average: Macro}, Precision{Average: Micro},
	Precision{Average: Weighted},
	Recall{}, Recall{Average: Positive}, Recall{Average: Macro}, Recall{Average: Micro}, Recall{Average: Weighted},
	F1{}, F1{Average: Positive}, F1{Average: Macro}, F1{Average: Micro}, F1{Average: Weighted},
	AUC{},
	AveragePrecision{},
	LogLoss{},
	MAE{}, MSE{}, RMSE{}, MAPE{}, R2{},
	HitRatio{}, NDCG{}, NDCG{K: -1}, MRR{},
	IoU{},
	MeanAP{}, MeanAP{IoU: []float64{0.5}}, MeanAP{IoU: []float64{0.75}}, MeanAP{Rule: VOC}, MeanAP{Rule: VOC11},
	Perplexity{},
	BLEU{},
}

// numbered are the names that end in a number of choice.
var numbered = []struct {
	prefix string
	of     func(n int) Metric
}{
	{"top", func(n int) Metric { return TopK{K: n} }},
	{"hr@", func(n int) Metric { return HitRatio{K: n} }},
	{"ndcg@", func(n int) Metric { return NDCG{K: n} }},
	{"mrr@", func(n int) Metric { return MRR{K: n} }},
	{"bleu", func(n int) Metric { return BLEU{MaxN: n} }},
	{"map", func(n int) Metric { return MeanAP{IoU: []float64{float64(n) / 100}} }},
}

// ByName returns the metric that a text asks for: a name of All, a name with a number of choice (top3, hr@20, ndcg@5,
// mrr@10, bleu2, map60), and after colons fields of the metric in lower case with dashes. Flags stand alone, a list
// is given one by one.
//
//	accuracy   top3   f1-macro:ignore=255   auc:probabilities   ndcg@5:candidates=100   perplexity:classes-last:ignore=0
func ByName(text string) (Metric, error) {
	name, options, _ := strings.Cut(text, ":")
	m, err := named(name)
	if err != nil || len(name) == len(text) {
		return m, err
	}
	v := reflect.New(reflect.TypeOf(m)).Elem()
	v.Set(reflect.ValueOf(m))
	for option := range strings.SplitSeq(options, ":") {
		if err := set(v, option); err != nil {
			return nil, fmt.Errorf("metrics: %s: %w", text, err)
		}
	}
	return usable(v.Interface().(Metric), text)
}

// named returns the metric of a name without options.
func named(name string) (Metric, error) {
	known := make([]string, 0, len(All))
	for _, m := range All {
		if m.Name() == name {
			return m, nil
		}
		known = append(known, m.Name())
	}
	for _, p := range numbered {
		digits, ok := strings.CutPrefix(name, p.prefix)
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(digits); err == nil {
			if m := p.of(n); m.Name() == name {
				return usable(m, name)
			}
		}
	}
	return nil, fmt.Errorf("metrics: no metric %q: did you mean %q? want one of %q", name, nearest.Name(name, known), known)
}

// usable makes the panic of a metric that cannot be an error.
func usable(m Metric, text string) (_ Metric, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("metrics: %s: %v", text, v)
		}
	}()
	m.New()
	return m, nil
}

// set changes one field of a metric, as ByName says.
func set(v reflect.Value, option string) error {
	key, value, given := strings.Cut(option, "=")
	known := fieldNames(v.Type())
	if !slices.Contains(known, key) {
		return fmt.Errorf("no option %q: did you mean %q? want one of %q", key, nearest.Name(key, known), known)
	}
	var err error
	switch p := v.FieldByName(fieldName(key)).Addr().Interface().(type) {
	case *bool:
		*p = true
		if given {
			*p, err = strconv.ParseBool(value)
		}
	case *int:
		*p, err = strconv.Atoi(value)
	case *[]int64:
		var id int64
		id, err = strconv.ParseInt(value, 10, 64)
		*p = append(*p, id)
	case *[]float64:
		var x float64
		x, err = strconv.ParseFloat(value, 64)
		*p = append(*p, x)
	case *Smoothing:
		i := slices.Index([]string{"none", "floor", "add-one", "exponential"}, value)
		if *p = Smoothing(i); i < 0 {
			err = fmt.Errorf("want none, floor, add-one or exponential")
		}
	}
	if err != nil {
		return fmt.Errorf("option %s = %q: %w", key, value, err)
	}
	return nil
}

// special are the options whose fields are not their words in upper case.
var special = map[string]string{"k": "K", "iou": "IoU", "max-n": "MaxN"}

// fieldName returns ClassesLast for classes-last.
func fieldName(option string) string {
	if name, ok := special[option]; ok {
		return name
	}
	name := ""
	for word := range strings.SplitSeq(option, "-") {
		if word != "" {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return name
}

// fieldNames returns the options of a metric.
func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || f.Type == reflect.TypeFor[Average]() || f.Type == reflect.TypeFor[APRule]() {
			continue // the metric's name says these
		}
		name := ""
		for i, r := range f.Name {
			if i > 0 && r >= 'A' && r <= 'Z' {
				name += "-"
			}
			name += strings.ToLower(string(r))
		}
		for option, field := range special {
			if field == f.Name {
				name = option
			}
		}
		names = append(names, name)
	}
	return names
}
