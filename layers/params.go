package layers

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/autograd"
)

// NamedParam is a parameter and the path to it in its model.
type NamedParam struct {
	Name string // "Features.0.Weight"
	*autograd.Param
}

// Params returns the parameters of model, in the order of its fields, by walking what is reachable from it: exported
// fields, elements of slices, arrays and maps with string keys (in the order of the keys), and what interfaces and pointers
// hold. Fields of an embedded struct count as the outer struct's own. The path of field names, indices and keys is the
// parameter's name. A parameter that is reached twice is listed once, under its first name; nil pointers are passed over.
//
// Parameters that only a closure knows are not found. Params panics if the model contains itself, or holds a parameter that
// no exported field leads to, which would then silently not be trained.
func Params(model any) []NamedParam {
	w := walker{name: make(map[*autograd.Param]string), taken: make(map[string]bool), hidden: make(map[uintptr]string)}
	w.walk(reflect.ValueOf(model), "", true)
	for _, p := range w.list {
		delete(w.hidden, reflect.ValueOf(p.Param).Pointer())
	}
	if len(w.hidden) > 0 {
		paths := make([]string, 0, len(w.hidden))
		for _, path := range w.hidden {
			paths = append(paths, path)
		}
		slices.Sort(paths)
		panic(fmt.Sprintf("layers: Params: %T: the parameter at %s is behind a field that is not exported, so it would not be "+
			"trained: export the field", model, paths[0]))
	}
	return w.list
}

// walker is one walk over a model.
type walker struct {
	list   []NamedParam
	name   map[*autograd.Param]string
	taken  map[string]bool
	hidden map[uintptr]string // parameters behind fields that are not exported, by address, and a path to each
	path   []visit            // the pointers that lead here
}

type visit struct {
	pointer uintptr
	typ     reflect.Type
	path    string
}

var (
	paramType = reflect.TypeFor[*autograd.Param]()
	layerType = reflect.TypeFor[Layer]()
)

// walk visits v, which stands at path. Behind a field that is not exported (visible is false) it only notes parameters.
func (w *walker) walk(v reflect.Value, path string, visible bool) {
	if !v.IsValid() || !mayHold(v.Type(), nil) {
		return
	}
	if v.Type() == paramType {
		w.param(v, path, visible)
		return
	}
	if v.Type() == paramType.Elem() {
		panic(fmt.Sprintf("layers: Params: %s is an autograd.Param: hold it by pointer, as *autograd.Param", orModel(path)))
	}
	switch v.Kind() {
	case reflect.Interface:
		// Behind closed doors only layers are followed: what else an interface holds there is none of our business.
		if !v.IsNil() && (visible || v.Elem().Type().Implements(layerType)) {
			w.walk(v.Elem(), path, visible)
		}
	case reflect.Pointer:
		if !v.IsNil() && w.enter(v, path, visible) {
			w.walk(v.Elem(), path, visible)
			w.leave()
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Anonymous && underPointer(f.Type).Kind() == reflect.Struct && f.Type != paramType {
				w.walk(v.Field(i), path, visible)
			} else {
				w.walk(v.Field(i), join(path, f.Name), visible && f.IsExported())
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Len() > 0 {
			if !w.enter(v, path, visible) {
				return
			}
			defer w.leave()
		}
		for i := range v.Len() {
			w.walk(v.Index(i), join(path, strconv.Itoa(i)), visible)
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			panic(fmt.Sprintf("layers: Params: %s is a %v: a map of layers needs string keys, to have an order", orModel(path), v.Type()))
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			w.walk(v.MapIndex(k), join(path, k.String()), visible)
		}
	}
}

// enter notes that the walk goes through v, a pointer or a slice. If it is in there already it must not go on: enter returns
// false behind a field that is not exported, and panics elsewhere.
func (w *walker) enter(v reflect.Value, path string, visible bool) bool {
	here := visit{v.Pointer(), v.Type(), path}
	for _, p := range w.path {
		if p.pointer != here.pointer || p.typ != here.typ {
			continue
		}
		if visible {
			panic(fmt.Sprintf("layers: Params: %s leads back to %s, a %v: a model must not contain itself",
				orModel(path), orModel(p.path), here.typ))
		}
		return false
	}
	w.path = append(w.path, here)
	return true
}

func (w *walker) leave() { w.path = w.path[:len(w.path)-1] }

func (w *walker) param(v reflect.Value, path string, visible bool) {
	if v.IsNil() {
		return
	}
	if !visible {
		if _, known := w.hidden[v.Pointer()]; !known {
			w.hidden[v.Pointer()] = path
		}
		return
	}
	p := v.Interface().(*autograd.Param)
	if _, shared := w.name[p]; shared {
		return
	}
	if w.taken[path] {
		panic(fmt.Sprintf("layers: Params: two parameters are named %s: embedded structs have a field in common", path))
	}
	w.taken[path], w.name[p] = true, path
	w.list = append(w.list, NamedParam{path, p})
}

// mayHold reports whether a value of type t can lead to a parameter. Types that cannot, a tensor or a mutex say, are not walked.
// An interface may hold anything. seen breaks cycles of types.
func mayHold(t reflect.Type, seen []reflect.Type) bool {
	if t == paramType || t == paramType.Elem() {
		return true
	}
	if slices.Contains(seen, t) {
		return false
	}
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return mayHold(t.Elem(), append(seen, t))
	case reflect.Struct:
		for i := range t.NumField() {
			if mayHold(t.Field(i).Type, append(seen, t)) {
				return true
			}
		}
	}
	return false
}

func underPointer(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orModel(path string) string {
	if path == "" {
		return "the model"
	}
	return path
}
