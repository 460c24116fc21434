package optim

// This file builds optimizers and schedules from names and values, as flags and configuration files give them: the tables All
// and Schedules, and the fields of the structs in them, are all there is to know.

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/internal/fields"
	"github.com/tutti-ml/tutti/internal/nearest"
)

// Build returns the optimizer of All with the given name, with fields set, and validates it.
//
// A field's name is the struct's, in lower case with or without - or _ between words: "weight-decay", "weight_decay", "lr". A
// value is a number, a bool or a string, or the text of one; lists are slices, or texts separated by commas; a schedule is its
// name, or a map of fields with its name under "name". A number that is 0 means 0, not the field's default; for a count, none.
// Errors name the nearest known name.
func Build(name string, fields map[string]any) (Optimizer, error) {
	o, err := ByName(name)
	if err != nil {
		return nil, err
	}
	built := reflect.New(reflect.TypeOf(o)).Elem()
	if err := setFields(built, name, fields); err != nil {
		return nil, err
	}
	o = built.Interface().(Optimizer)
	return o, explain(o.Validate(), built, fields)
}

// BuildSchedule returns the schedule of Schedules with the given name, with fields set as Build sets them, and validates it.
func BuildSchedule(name string, fields map[string]any) (Schedule, error) {
	s, err := buildSchedule(name, fields)
	if err != nil {
		return nil, err
	}
	return s, explain(ValidateSchedule(s), reflect.ValueOf(s), fields)
}

// explain adds to an error of Validate what became of a count of 0.
func explain(err error, built reflect.Value, fields map[string]any) error {
	if err == nil {
		return nil
	}
	for key, value := range fields {
		at := index(built.Type(), key)
		if v, bad := asInt(value); at >= 0 && built.Field(at).Kind() == reflect.Int && bad == nil && v == 0 {
			return fmt.Errorf("%w (%s = 0 says none, as -1 does; left out it is the default)", err, key)
		}
	}
	return err
}

func buildSchedule(name string, fields map[string]any) (Schedule, error) {
	var names []string
	for _, s := range Schedules {
		if s.Name != name {
			names = append(names, s.Name)
			continue
		}
		built := reflect.New(reflect.TypeOf(s.Schedule)).Elem()
		if err := setFields(built, name, fields); err != nil {
			return nil, err
		}
		return built.Interface().(Schedule), nil
	}
	return nil, unknown("no schedule", name, names)
}

// Fields lists the names of an optimizer's or a schedule's fields as Build takes them: "lr", "weight-decay".
func Fields(recipe any) []string {
	var names []string
	for t, i := reflect.TypeOf(recipe), 0; i < t.NumField(); i++ {
		names = append(names, fields.Kebab(t.Field(i).Name))
	}
	return names
}

// setFields sets the fields of a struct, which is called name.
func setFields(recipe reflect.Value, name string, fields map[string]any) error {
	seen := map[int]string{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		at := index(recipe.Type(), key)
		if at < 0 {
			return unknown(name+" has no field", key, Fields(recipe.Interface()))
		}
		if before, twice := seen[at]; twice {
			return fmt.Errorf("optim: %s: %q and %q are the same field", name, before, key)
		}
		seen[at] = key
		if err := setField(recipe.Field(at), fields[key]); err != nil {
			return fmt.Errorf("optim: %s: %s: %w", name, key, err)
		}
	}
	return nil
}

// index returns the number of a struct's field with a name, or -1.
func index(t reflect.Type, name string) int {
	for i := range t.NumField() {
		if fields.Plain(t.Field(i).Name) == fields.Plain(name) {
			return i
		}
	}
	return -1
}

func setField(field reflect.Value, value any) error {
	switch p := field.Addr().Interface().(type) {
	case *float64:
		v, err := asFloat(value)
		*p = exactly(v)
		return err
	case *int:
		v, err := asInt(value)
		if *p = v; v == 0 {
			*p = -1
		}
		return err
	case *bool:
		v, err := strconv.ParseBool(fmt.Sprint(value))
		if err != nil {
			return fmt.Errorf("%v, want true or false", value)
		}
		*p = v
	case *string:
		v, ok := value.(string)
		if !ok {
			return fmt.Errorf("%v, want a text", value)
		}
		*p = v
	case *[]int:
		*p = []int{}
		for _, item := range asList(value) {
			v, err := asInt(item)
			if err != nil {
				return err
			}
			*p = append(*p, v)
		}
	case *Schedule:
		v, err := asSchedule(value)
		*p = v
		return err
	case *[]Schedule:
		for _, item := range asList(value) {
			v, err := asSchedule(item)
			if err != nil {
				return err
			}
			*p = append(*p, v)
		}
	default:
		return fmt.Errorf("a %s cannot be set by name", field.Type())
	}
	return nil
}

func asFloat(value any) (float64, error) {
	v := reflect.ValueOf(value)
	switch {
	case v.CanFloat():
		return v.Float(), nil
	case v.CanInt():
		return float64(v.Int()), nil
	case v.CanUint():
		return float64(v.Uint()), nil
	}
	f, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	if err != nil {
		return 0, fmt.Errorf("%v, want a number", value)
	}
	return f, nil
}

func asInt(value any) (int, error) {
	f, err := asFloat(value)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("%v, want a whole number", value)
	}
	return int(f), nil
}

// asList returns the items of a slice, or of a text between commas.
func asList(value any) []any {
	var list []any
	if v := reflect.ValueOf(value); v.IsValid() && v.Kind() == reflect.Slice {
		for i := range v.Len() {
			list = append(list, v.Index(i).Interface())
		}
		return list
	}
	for item := range strings.SplitSeq(fmt.Sprint(value), ",") {
		list = append(list, strings.TrimSpace(item))
	}
	return list
}

func asSchedule(value any) (Schedule, error) {
	switch v := value.(type) {
	case Schedule:
		return v, nil
	case string:
		return buildSchedule(v, nil)
	case map[string]any:
		name, ok := v["name"].(string)
		if !ok {
			return nil, fmt.Errorf("%v, want the name of a schedule under \"name\"", value)
		}
		fields := maps.Clone(v)
		delete(fields, "name")
		return buildSchedule(name, fields)
	}
	return nil, fmt.Errorf("%v, want the name of a schedule, or a map of its fields and its name", value)
}

// unknown is the error about a name that is not among the known.
func unknown(what, name string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("optim: %s %q: there is none to set", what, name)
	}
	return fmt.Errorf("optim: %s %q, the nearest is %q of %s", what, name, nearest.Name(name, known), strings.Join(known, ", "))
}
