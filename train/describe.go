package train

import (
	"fmt"
	"hash/crc32"
	"reflect"
	"strings"

	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// describe writes a value as %+v does, but so that equal configurations give equal texts in every process: what
// pointers point to stands in place of the address, a tensor is its shape and a checksum of its elements, and a
// function is its type.
func describe(v any) string {
	var b strings.Builder
	describeTo(&b, reflect.ValueOf(v), 0)
	return b.String()
}

func describeTo(b *strings.Builder, v reflect.Value, depth int) {
	if !v.IsValid() {
		b.WriteString("<nil>")
		return
	}
	if depth > 8 { // a list that leads back to itself, say
		b.WriteString(v.Type().String())
		return
	}
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case *tensor.Tensor:
			if x != nil {
				fmt.Fprintf(b, "%v%v#%08x", x.DType(), x.Shape(), crc32.ChecksumIEEE(tensor.Bytes(x.Contiguous())))
				return
			}
		case fmt.Stringer:
			if v.Kind() != reflect.Pointer || !v.IsNil() {
				b.WriteString(x.String())
				return
			}
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		describeTo(b, v.Elem(), depth+1)
	case reflect.Struct:
		b.WriteByte('{')
		for i := range v.NumField() {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(v.Type().Field(i).Name + ":")
			describeTo(b, v.Field(i), depth+1)
		}
		b.WriteByte('}')
	case reflect.Slice, reflect.Array:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			describeTo(b, v.Index(i), depth+1)
		}
		b.WriteByte(']')
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		b.WriteString(v.Type().String())
	case reflect.Float32, reflect.Float64:
		if v.Float() == option.Zero { // 0 is the default
			b.WriteString("Zero")
			return
		}
		fmt.Fprintf(b, "%v", v)
	default: // numbers, strings, and maps, which %v sorts
		fmt.Fprintf(b, "%v", v)
	}
}

// typed is describe with the type of what v holds.
func typed(v any) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprintf("%T", v) + describe(v)
}

// fieldsOf describes the fields of a struct, or of what a pointer to one points to; nothing of other values.
func fieldsOf(v any) []field {
	s := reflect.Indirect(reflect.ValueOf(v))
	if s.Kind() != reflect.Struct {
		return nil
	}
	var list []field
	for i := range s.NumField() {
		var b strings.Builder
		describeTo(&b, s.Field(i), 1)
		list = append(list, field{s.Type().Field(i).Name, b.String()})
	}
	return list
}
