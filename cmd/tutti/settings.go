package main

// Fields of an optimizer or a schedule as flags give them: FIELD=VALUE, and FIELD.FIELD=VALUE for a schedule inside another.

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// settings is what stands behind a name: a value, and the settings of what the value names.
type settings struct {
	value  string
	given  bool
	fields map[string]*settings
}

// parseSettings reads the values of a repeatable flag as the fields that optim.Build takes. then=cosine and then.floor=0.1
// give a schedule and a field of it; schedules=warmup,cosine and schedules.1.floor=0.1 a list and a field of its second.
func parseSettings(flag string, list []string) (map[string]any, error) {
	var root settings
	for _, text := range list {
		path, value, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return nil, fmt.Errorf("--%s %q, want FIELD=VALUE", flag, text)
		}
		s := &root
		for name := range strings.SplitSeq(path, ".") {
			if s.fields == nil {
				s.fields = map[string]*settings{}
			}
			if s.fields[name] == nil {
				s.fields[name] = new(settings)
			}
			s = s.fields[name]
		}
		if s.given {
			return nil, fmt.Errorf("--%s %q: %s is given twice", flag, text, path)
		}
		s.value, s.given = value, true
	}
	fields := map[string]any{}
	for name, s := range root.fields {
		v, err := s.any()
		if err != nil {
			return nil, fmt.Errorf("--%s %s: %w", flag, name, err)
		}
		fields[name] = v
	}
	return fields, nil
}

// any returns s as optim.Build takes it: a text, a map of fields with a name, or a list of such.
func (s *settings) any() (any, error) {
	if s.fields == nil {
		return s.value, nil
	}
	names := slices.Sorted(maps.Keys(s.fields))
	if _, err := strconv.Atoi(names[0]); err == nil {
		return s.list(names)
	}
	m := map[string]any{}
	if s.given {
		m["name"] = s.value
	}
	for _, name := range names {
		v, err := s.fields[name].any()
		if err != nil {
			return nil, err
		}
		m[name] = v
	}
	return m, nil
}

// list returns the items that the value lists, with the fields of those numbered.
func (s *settings) list(numbers []string) (any, error) {
	var items []any
	values := strings.Split(s.value, ",")
	for i, value := range values {
		item := s.fields[strconv.Itoa(i)]
		if item == nil {
			items = append(items, value)
			continue
		}
		item.value, item.given = value, true
		v, err := item.any()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	for _, n := range numbers {
		if i, err := strconv.Atoi(n); err != nil || i < 0 || i >= len(values) {
			return nil, fmt.Errorf("no item %s of %q, which are counted from 0", n, s.value)
		}
	}
	return items, nil
}
