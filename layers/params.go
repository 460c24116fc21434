package layers

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// NamedParam is a parameter and the path to it in its model.
type NamedParam struct {
	Name string // "Features.0.Weight"
	Key  string // "features.0.weight": its name in a state dictionary (see StateDict)
	*autograd.Param
}

// NamedBuffer is a buffer and the path to it in its model, as of a parameter.
type NamedBuffer struct {
	Name, Key string
	*autograd.Buffer
}

// Params returns the parameters of model, in the order of its fields, by walking what is reachable from it: exported
// fields, elements of slices, arrays and maps with string keys (in the order of the keys), and what interfaces and pointers
// hold. Fields of an embedded struct count as the outer struct's own. The path of field names, indices and keys is the
// parameter's name. A parameter that is reached twice is listed once, under its first name; nil pointers are passed over.
//
// Parameters that only a closure knows are not found. Params panics if the model contains itself, or holds a parameter that
// no exported field leads to, which would then silently not be trained.
func Params(model any) []NamedParam { return walkOver(model).params }

// Buffers returns the buffers of model as Params returns the parameters.
func Buffers(model any) []NamedBuffer { return walkOver(model).buffers }

func walkOver(model any) *walker {
	w := &walker{known: make(map[uintptr]bool), taken: make(map[string]bool), hidden: make(map[uintptr]string)}
	w.walk(reflect.ValueOf(model), place{}, true)
	for p := range w.known {
		delete(w.hidden, p)
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
	return w
}

// walker is one walk over a model.
type walker struct {
	params  []NamedParam
	buffers []NamedBuffer
	list    []leaf             // both, in the order found
	norms   []normAt           // the batch norms on the way
	again   []alias            // other ways to those listed
	known   map[uintptr]bool   // addresses of those listed
	taken   map[string]bool    // names and keys
	hidden  map[uintptr]string // those behind fields that are not exported, by address, and a path to each
	path    []visit            // the pointers that lead here
}

// leaf is a parameter or a buffer: where it stands and how to reach its tensor.
type leaf struct {
	place
	valuer
	pointer uintptr
}

// alias is one more place at which a leaf stands, such as an output layer's that shares the embedding's weights.
type alias struct {
	place
	pointer uintptr
}

type valuer interface {
	Value() *tensor.Tensor
	Replace(x *tensor.Tensor)
}

// place is where the walk stands, as a path of Go's names and as a key of a state dictionary.
type place struct{ path, key string }

// field goes on to a field of a struct, whose part of the key is the tag `state:"…"` or the field's name in snake case.
func (p place) field(f reflect.StructField) place {
	key, ok := f.Tag.Lookup("state")
	if !ok {
		key = snake(f.Name)
	}
	return place{join(p.path, f.Name), join(p.key, key)}
}

// element goes on to an index or a key of a map.
func (p place) element(name string) place { return place{join(p.path, name), join(p.key, name)} }

type visit struct {
	pointer uintptr
	typ     reflect.Type
	path    string
}

var (
	paramType  = reflect.TypeFor[*autograd.Param]()
	bufferType = reflect.TypeFor[*autograd.Buffer]()
	layerType  = reflect.TypeFor[Layer]()
	normType   = reflect.TypeFor[*BatchNorm]()
)

// walk visits v, which stands at p. Behind a field that is not exported (visible is false) it only notes parameters.
func (w *walker) walk(v reflect.Value, p place, visible bool) {
	if !v.IsValid() || !mayHold(v.Type(), nil) {
		return
	}
	if v.Type() == paramType || v.Type() == bufferType {
		w.leaf(v, p, visible)
		return
	}
	if v.Type() == paramType.Elem() || v.Type() == bufferType.Elem() {
		panic(fmt.Sprintf("layers: Params: %s is an %v: hold it by pointer, as *%[2]v", orModel(p.path), v.Type()))
	}
	switch v.Kind() {
	case reflect.Interface:
		// Behind closed doors only layers are followed: what else an interface holds there is none of our business.
		if !v.IsNil() && (visible || v.Elem().Type().Implements(layerType)) {
			w.walk(v.Elem(), p, visible)
		}
	case reflect.Pointer:
		if !v.IsNil() && w.enter(v, p.path, visible) {
			if visible && v.Type() == normType {
				w.norms = append(w.norms, normAt{p, v.Interface().(*BatchNorm)})
			}
			w.walk(v.Elem(), p, visible)
			w.leave()
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Anonymous && underPointer(f.Type).Kind() == reflect.Struct && f.Type != paramType && f.Type != bufferType {
				w.walk(v.Field(i), p, visible)
			} else {
				w.walk(v.Field(i), p.field(f), visible && f.IsExported())
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Len() > 0 {
			if !w.enter(v, p.path, visible) {
				return
			}
			defer w.leave()
		}
		for i := range v.Len() {
			w.walk(v.Index(i), p.element(strconv.Itoa(i)), visible)
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			panic(fmt.Sprintf("layers: Params: %s is a %v: a map of layers needs string keys, to have an order", orModel(p.path), v.Type()))
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			w.walk(v.MapIndex(k), p.element(k.String()), visible)
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

// leaf lists v, a parameter or a buffer.
func (w *walker) leaf(v reflect.Value, p place, visible bool) {
	if v.IsNil() {
		return
	}
	if !visible {
		if _, noted := w.hidden[v.Pointer()]; !noted {
			w.hidden[v.Pointer()] = p.path
		}
		return
	}
	if w.known[v.Pointer()] {
		w.again = append(w.again, alias{p, v.Pointer()})
		return
	}
	if w.taken["name "+p.path] {
		panic(fmt.Sprintf("layers: Params: two parameters are named %s: embedded structs have a field in common", p.path))
	}
	if w.taken["key "+p.key] {
		panic(fmt.Sprintf("layers: Params: two parameters have the key %s in a state dictionary, one of them %s", p.key, p.path))
	}
	w.taken["name "+p.path], w.taken["key "+p.key], w.known[v.Pointer()] = true, true, true
	switch x := v.Interface().(type) {
	case *autograd.Param:
		w.params = append(w.params, NamedParam{p.path, p.key, x})
		w.list = append(w.list, leaf{p, x, v.Pointer()})
	case *autograd.Buffer:
		w.buffers = append(w.buffers, NamedBuffer{p.path, p.key, x})
		w.list = append(w.list, leaf{p, x, v.Pointer()})
	}
}

// mayHold reports whether a value of type t can lead to a parameter. Types that cannot, a tensor or a mutex say, are not walked.
// An interface may hold anything. seen breaks cycles of types.
func mayHold(t reflect.Type, seen []reflect.Type) bool {
	if t == paramType || t == paramType.Elem() || t == bufferType || t == bufferType.Elem() {
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

// join puts a dot between the two, unless one is empty: a field tagged `state:""` adds nothing to a key.
func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}

func orModel(path string) string {
	if path == "" {
		return "the model"
	}
	return path
}
