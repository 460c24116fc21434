package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// This file writes pipelines as JSON and reads them. Numbers are exact. An op is {"op": NAME, "with": FIELDS}.

// version is that of the format. A reader refuses a newer one.
const version = 1

// maxJSON is the largest pipeline that is read, in bytes: a vocabulary of some million words.
const maxJSON = 64 << 20

// ErrFormat is wrapped by every error that says that a pipeline in a file is not what it should be.
var ErrFormat = errors.New("malformed pipeline")

// types are the ops that can be saved, by name. The names are in files: they don't change.
var types = []struct {
	name string
	op   Op // zero
}{
	{"bucketize", Bucketize{}},
	{"cast", Cast{}},
	{"clip", Clip{}},
	{"concat", Concat{}},
	{"cross", Cross{}},
	{"drop", Drop{}},
	{"filter", Filter{}},
	{"hash", Hash{}},
	{"impute", Impute{}},
	{"log1p", Log1p{}},
	{"map", Map{}},
	{"minmax", MinMax{}},
	{"noise", Noise{}},
	{"one_hot", OneHot{}},
	{"pad", Pad{}},
	{"rename", Rename{}},
	{"split", Split{}},
	{"standardize", Standardize{}},
	{"vocabulary", Vocabulary{}},
}

type fileJSON struct {
	Version int      `json:"version"`
	Seed    uint64   `json:"seed,omitempty"`
	Target  string   `json:"target,omitempty"`
	Ops     []opJSON `json:"ops"`
}

type opJSON struct {
	Op   string          `json:"op"`
	With json.RawMessage `json:"with"`
}

// MarshalJSON returns p as JSON. An op of a type that is not of this package is an error, and so is one that is not
// fitted, and text that is no UTF-8.
func (p *Pipeline) MarshalJSON() ([]byte, error) {
	f := fileJSON{Version: version, Seed: p.Seed, Target: p.Target, Ops: []opJSON{}}
	for i, op := range p.Ops {
		name := ""
		for _, t := range types {
			if reflect.TypeOf(t.op) == reflect.TypeOf(op) {
				name = t.name
			}
		}
		if name == "" {
			return nil, fmt.Errorf("transform: op %d is a %T, which cannot be saved: a Map can, by its name", i, op)
		}
		if fit, ok := op.(fitter); ok && !fit.fitted() {
			return nil, fmt.Errorf("transform: op %d, %s, is not fitted", i, name)
		}
		if v, ok := op.(Vocabulary); ok {
			for _, token := range v.Tokens {
				if strings.ToValidUTF8(token, "") != token {
					return nil, fmt.Errorf("transform: op %d: token %q is no UTF-8 and cannot be saved", i, token)
				}
			}
		}
		with, err := json.Marshal(op)
		if err != nil {
			return nil, fmt.Errorf("transform: op %d, %s: %w", i, name, err)
		}
		f.Ops = append(f.Ops, opJSON{name, with})
	}
	text, err := json.Marshal(f)
	if err == nil && len(text) > maxJSON {
		err = fmt.Errorf("transform: a pipeline of %d bytes, want up to %d: see Vocabulary.MaxSize", len(text), maxJSON)
	}
	return text, err
}

// UnmarshalJSON makes p the pipeline of the text, which MarshalJSON has written. A Map and a Filter are without their
// functions. An unknown op or field, and a newer version, are errors that wrap ErrFormat.
func (p *Pipeline) UnmarshalJSON(text []byte) error {
	q, err := parse(text)
	if err != nil {
		return err
	}
	p.Ops, p.Seed, p.Target = q.Ops, q.Seed, q.Target
	p.last.Store(nil)
	return nil
}

func parse(text []byte) (*Pipeline, error) {
	if len(text) > maxJSON {
		return nil, fmt.Errorf("transform: %w: %d bytes, want up to %d", ErrFormat, len(text), maxJSON)
	}
	var f fileJSON
	var only struct{ Version int }
	if err := json.Unmarshal(text, &only); err == nil && only.Version > version {
		return nil, fmt.Errorf("transform: %w: it is of version %d, this program reads up to %d",
			ErrFormat, only.Version, version)
	}
	if err := strict(text, &f); err != nil {
		return nil, fmt.Errorf("transform: %w: %w", ErrFormat, err)
	}
	if f.Version < 1 {
		return nil, fmt.Errorf("transform: %w: version %d", ErrFormat, f.Version)
	}
	p := &Pipeline{Seed: f.Seed, Target: f.Target}
	for i, entry := range f.Ops {
		op, err := entry.parse()
		if err != nil {
			return nil, fmt.Errorf("transform: %w: op %d: %w", ErrFormat, i, err)
		}
		p.Ops = append(p.Ops, op)
	}
	return p, nil
}

func (o opJSON) parse() (Op, error) {
	for _, t := range types {
		if t.name != o.Op {
			continue
		}
		v := reflect.New(reflect.TypeOf(t.op))
		if err := strict(o.With, v.Interface()); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Op, err)
		}
		return v.Elem().Interface().(Op), nil
	}
	var known []string
	for _, t := range types {
		known = append(known, t.name)
	}
	return nil, fmt.Errorf("no op %q, there are %s", o.Op, strings.Join(known, ", "))
}

// strict is json.Unmarshal without unknown fields.
func strict(text []byte, v any) error {
	if len(text) == 0 {
		return io.ErrUnexpectedEOF
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more text behind it")
	}
	return nil
}
