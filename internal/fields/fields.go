// Package fields sets the fields of a struct of options by name, as flags and configuration files give them.
package fields

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tutti-ml/tutti/internal/nearest"
	"github.com/tutti-ml/tutti/internal/option"
)

// Names lists the fields of a struct that Set sets, in lower case with - between words: "hidden", "label-smoothing". Those
// in except are left out, and those of types that have no text.
func Names(options any, except ...string) []string {
	var names []string
	for i, t := 0, reflect.TypeOf(options); t != nil && i < t.NumField(); i++ {
		if f := t.Field(i); f.IsExported() && settable(f.Type) && !slices.Contains(except, f.Name) {
			names = append(names, Kebab(f.Name))
		}
	}
	return names
}

// Set returns a copy of the struct options with fields set. A field's name is the struct's, in lower or upper case, with or
// without - or _ between words. A value is a number, a bool, a string, a list of these, or the text of one: lists are
// texts between commas. A float of 0 means 0, not the field's default. The error about an unknown name says the nearest.
func Set(options any, values map[string]any, except ...string) (any, error) {
	known := Names(options, except...)
	if options == nil {
		if len(values) > 0 {
			return nil, fmt.Errorf("there are no options, and %q is one", slices.Sorted(maps.Keys(values))[0])
		}
		return nil, nil
	}
	set := reflect.New(reflect.TypeOf(options)).Elem()
	set.Set(reflect.ValueOf(options))
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := slices.IndexFunc(known, func(k string) bool { return Plain(k) == Plain(name) })
		if at < 0 {
			return nil, fmt.Errorf("there is no %q, the nearest is %q of %s", name, nearest.Name(name, known),
				strings.Join(known, ", "))
		}
		if before, twice := seen[known[at]]; twice {
			return nil, fmt.Errorf("%q and %q are the same", before, name)
		}
		seen[known[at]] = name
		field := set.FieldByNameFunc(func(f string) bool { return Plain(f) == Plain(name) })
		if err := setField(field, values[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return set.Interface(), nil
}

func settable(t reflect.Type) bool {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Float64, reflect.Bool, reflect.String:
		return t.PkgPath() == "" // no named numbers, whose values have names
	}
	return false
}

func setField(field reflect.Value, value any) error {
	if field.Kind() == reflect.Slice {
		list := asList(value)
		items := reflect.MakeSlice(field.Type(), len(list), len(list))
		for i, item := range list {
			if err := setField(items.Index(i), item); err != nil {
				return err
			}
		}
		field.Set(items)
		return nil
	}
	text := fmt.Sprint(value)
	switch field.Kind() {
	case reflect.Bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q, want true or false", text)
		}
		field.SetBool(v)
	case reflect.Float64:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) {
			return fmt.Errorf("%q, want a number", text)
		}
		if v == 0 {
			v = option.Zero
		}
		field.SetFloat(v)
	case reflect.Int, reflect.Int64:
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q, want a whole number", text)
		}
		field.SetInt(v)
	default:
		field.SetString(text)
	}
	return nil
}

// asList returns the items of a slice, or of a text between commas; of an empty text none.
func asList(value any) []any {
	var list []any
	if v := reflect.ValueOf(value); v.IsValid() && v.Kind() == reflect.Slice {
		for i := range v.Len() {
			list = append(list, v.Index(i).Interface())
		}
		return list
	}
	if text := fmt.Sprint(value); text != "" {
		for item := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(item))
		}
	}
	return list
}

// Plain is a field's name without what may be written in several ways: case, - and _.
func Plain(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// Kebab writes a field's name in lower case with - between words: WeightDecay is weight-decay, LRDecay lr-decay.
func Kebab(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		word := i > 0 && unicode.IsUpper(r) &&
			(!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if word {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
