package images

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Ops is Ops in order, which can be written as JSON: an Op is an object of one key, its type's name, with its fields.
// So a Config can be kept beside a model, and images are prepared for a prediction as they were in training.
//
//	[{"RandomResizedCrop":{"H":224,"W":224, …}},{"HorizontalFlip":{"P":0}},{"Normalize":{"Mean":[0.5],"Std":[0.5]}}]
type Ops []Op

// named are the Ops that JSON knows.
var named = func() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, op := range []Op{Affine{}, CenterCrop{}, ColorJitter{}, CutOut{}, HorizontalFlip{}, Normalize{}, RandomCrop{},
		RandomErasing{}, RandomResizedCrop{}, Resize{}, ResizeShorter{}, Sometimes{}, ToGray{}, VerticalFlip{}} {
		types[reflect.TypeOf(op).Name()] = reflect.TypeOf(op)
	}
	return types
}()

// MarshalJSON returns an error for an Op that is not of this package.
func (ops Ops) MarshalJSON() ([]byte, error) {
	list := make([]map[string]Op, len(ops))
	for i, op := range ops {
		t := reflect.TypeOf(op)
		if t == nil || named[t.Name()] != t {
			return nil, fmt.Errorf("images: Ops[%d] is %T, which has no form in JSON", i, op)
		}
		list[i] = map[string]Op{t.Name(): op}
	}
	return json.Marshal(list)
}

// UnmarshalJSON returns an error for an Op or a field that is not known.
func (ops *Ops) UnmarshalJSON(text []byte) error {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("images: Ops: %w", err)
	}
	*ops = make(Ops, len(list))
	for i, object := range list {
		if len(object) != 1 {
			return fmt.Errorf("images: Ops[%d] is an object of %d keys, want one, the name of an Op", i, len(object))
		}
		for name, fields := range object {
			t, ok := named[name]
			if !ok {
				return fmt.Errorf("images: Ops[%d] is %q, want one of %s", i, name, strings.Join(names(), ", "))
			}
			v := reflect.New(t)
			d := json.NewDecoder(bytes.NewReader(fields))
			d.DisallowUnknownFields()
			if err := d.Decode(v.Interface()); err != nil {
				return fmt.Errorf("images: Ops[%d], %s: %w", i, name, err)
			}
			(*ops)[i] = v.Elem().Interface().(Op)
		}
	}
	return nil
}

func names() []string {
	var list []string
	for name := range named {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// sometimes is Sometimes in JSON.
type sometimes struct {
	Op Ops
	P  float64
}

// MarshalJSON writes the Op as Ops does, in a list of one.
func (o Sometimes) MarshalJSON() ([]byte, error) { return json.Marshal(sometimes{Ops{o.Op}, o.P}) }

// UnmarshalJSON is the way back.
func (o *Sometimes) UnmarshalJSON(text []byte) error {
	var s sometimes
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return err
	}
	if len(s.Op) != 1 {
		return fmt.Errorf("images: Sometimes has %d Ops, want one", len(s.Op))
	}
	*o = Sometimes{s.Op[0], s.P}
	return nil
}
