package layers

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/autograd"
)

// LayerError is what a container panics with when a layer in it has panicked: it says which. Its text begins with the
// path that a parameter of the layer has for its name, from the outermost container on, and the layer's type:
//
//	layers: 3.Body.0 (Conv2D): autograd: Conv2D: …
type LayerError struct {
	Path  string // "3.Body.0"
	Layer string // the innermost layer's type: "Conv2D", "main.Net"
	Value any    // what it panicked with
}

func (e *LayerError) Error() string {
	return fmt.Sprintf("layers: %s (%s): %v", e.Path, e.Layer, e.Value)
}

// Unwrap returns the panic's value where that is an error, such as an [autograd.LabelError].
func (e *LayerError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// within returns the result of fn, which runs a layer that stands in the field place of a container, at index i unless
// that is negative. If it panics, the panic goes on as a LayerError.
func within(place string, i int, layer any, fn func() *autograd.Var) *autograd.Var {
	defer func() {
		v := recover()
		if v == nil { // or the goroutine exits
			return
		}
		if i >= 0 {
			place = join(place, strconv.Itoa(i))
		}
		e, ok := v.(*LayerError)
		if !ok {
			name := strings.TrimPrefix(fmt.Sprintf("%T", layer), "*")
			e = &LayerError{Layer: strings.TrimPrefix(name, "layers."), Value: v}
			if p := reflect.ValueOf(layer); !p.IsValid() || p.Kind() == reflect.Pointer && p.IsNil() {
				e.Value = "the layer is nil"
			}
		}
		panic(&LayerError{join(place, e.Path), e.Layer, e.Value})
	}()
	return fn()
}

// forwardAt is within for a plain Forward.
func forwardAt(place string, i int, l Layer, t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return within(place, i, l, func() *autograd.Var { return l.Forward(t, x) })
}
