package transform

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// This file reads columns of categories: strings, and integers as their decimal text, so that 42 and "42" are one
// category, and a column that is read as one or the other.

func isKeyed(c dataset.Column) bool {
	switch c.DType {
	case tensor.Int64, tensor.Int32, tensor.Int8, tensor.Uint8, tensor.Bool:
		return true
	}
	return c.Text
}

// eachKey calls fn with every category of column c, in order; key is valid until fn returns.
func eachKey(call *Call, b *dataset.Batch, c dataset.Column, fn func(i int, key []byte) error) error {
	if c.Text {
		values, offsets := b.Ragged(c.Name)
		text := tensor.Data[uint8](values)
		for i := range len(offsets) - 1 {
			if err := fn(i, text[offsets[i]:offsets[i+1]]); err != nil {
				return err
			}
		}
		return nil
	}
	x := numericOf(b, c)
	for i := range x.Len() {
		call.bytes = strconv.AppendInt(call.bytes[:0], integerAt(x, i), 10)
		if err := fn(i, call.bytes); err != nil {
			return err
		}
	}
	return nil
}

// integerAt returns element i of t, which is of an integer dtype or Bool.
func integerAt(t *tensor.Tensor, i int) int64 {
	switch t.DType() {
	case tensor.Int64:
		return tensor.Data[int64](t)[i]
	case tensor.Int32:
		return int64(tensor.Data[int32](t)[i])
	case tensor.Int8:
		return int64(tensor.Data[int8](t)[i])
	case tensor.Uint8:
		return int64(tensor.Data[uint8](t)[i])
	}
	if tensor.Data[bool](t)[i] {
		return 1
	}
	return 0
}

// toIDs returns what becomes of column c if each of its categories becomes a number below classes: Int64, of the same
// shape or in lists of the same lengths.
func toIDs(op string, c dataset.Column, classes int, id func(key []byte) (int64, error)) (changed, error) {
	if !isKeyed(c) {
		return changed{}, wrongKind(op, c, "text or integers")
	}
	to := dataset.Column{Name: c.Name, DType: tensor.Int64, Shape: c.Shape, Classes: classes, Ragged: c.Ragged}
	return changed{to, func(call *Call, out, in *dataset.Batch) error {
		ids := idsOf(out, in, c)
		return eachKey(call, in, c, func(i int, key []byte) (err error) {
			ids[i], err = id(key)
			return err
		})
	}}, nil
}

// idsOf returns the elements of a column of numbers of out, as many as c has categories in in.
func idsOf(out, in *dataset.Batch, c dataset.Column) []int64 {
	if !c.Text || !c.Ragged {
		return tensor.Data[int64](sameLists(out, in, c))
	}
	lists := in.Lists(c.Name)
	values, offsets := out.Grow(c.Name, int(lists[in.N]))
	copy(offsets, lists)
	return tensor.Data[int64](values)
}

// Hash makes of text and integers a number from 0 to Buckets−1, Int64: FNV-1a of 64 bits, over Salt as 8 bytes, the
// least significant first, if it is not 0, and the bytes of the text, an integer's being its decimal text; of that, as
// its state, the next number of SplitMix64; modulo Buckets. It is the same on every platform and release.
type Hash struct {
	Columns []string `json:"columns"`
	Buckets int      `json:"buckets"`
	Salt    uint64   `json:"salt,omitempty"`
}

func (o Hash) columns() []string { return o.Columns }

// maxClasses bounds what a file may ask for.
const maxClasses = 1 << 40

// Bind implements Op.
func (o Hash) Bind(in dataset.Spec) (*Step, error) {
	if o.Buckets < 1 || o.Buckets > maxClasses {
		return nil, fmt.Errorf("transform: Hash: %d Buckets, want 1 to %d", o.Buckets, int64(maxClasses))
	}
	seed := salted(o.Salt)
	return eachColumn("Hash", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		return toIDs("Hash", c, o.Buckets, func(key []byte) (int64, error) {
			return bucket(fnv1a(seed, key), o.Buckets), nil
		})
	})
}

func salted(salt uint64) uint64 {
	if salt == 0 {
		return fnvOffset
	}
	return fnv1a(fnvOffset, binary.LittleEndian.AppendUint64(nil, salt))
}

// Cross makes a new column As, behind the others, of the hash of some columns together, Int64 from 0 to Buckets−1: as
// Hash, over the bytes of each column and a byte 255 behind each, which no UTF-8 has. The columns are text or single
// integers, and stay.
type Cross struct {
	Columns []string `json:"columns"`
	As      string   `json:"as"`
	Buckets int      `json:"buckets"`
	Salt    uint64   `json:"salt,omitempty"`
}

func (o Cross) columns() []string { return o.Columns }

// Bind implements Op.
func (o Cross) Bind(in dataset.Spec) (*Step, error) {
	if o.Buckets < 1 || o.Buckets > maxClasses {
		return nil, fmt.Errorf("transform: Cross: %d Buckets, want 1 to %d", o.Buckets, int64(maxClasses))
	}
	if o.As == "" || in.Find(o.As) >= 0 || len(o.Columns) == 0 {
		return nil, fmt.Errorf("transform: Cross: Columns %q as %q, want some and a new name", o.Columns, o.As)
	}
	var columns []dataset.Column
	for _, name := range o.Columns {
		_, c, err := column("Cross", in, name)
		switch {
		case err != nil:
			return nil, err
		case !isKeyed(c) || c.Ragged || len(c.Shape) > 0:
			return nil, wrongKind("Cross", c, "text or an integer")
		}
		columns = append(columns, c)
	}
	s := &Step{Spec: in, Writes: []string{o.As}}
	s.Spec.Columns = append(in.Columns[:len(in.Columns):len(in.Columns)],
		dataset.Column{Name: o.As, DType: tensor.Int64, Classes: o.Buckets})
	seed := salted(o.Salt)
	s.Apply = func(call *Call, out, in *dataset.Batch) error {
		ids := tensor.Data[int64](out.Col(o.As))
		for i := range ids {
			ids[i] = int64(seed)
		}
		for _, c := range columns {
			err := eachKey(call, in, c, func(i int, key []byte) error {
				ids[i] = int64((fnv1a(uint64(ids[i]), key) ^ 255) * fnvPrime)
				return nil
			})
			if err != nil {
				return err
			}
		}
		for i, h := range ids {
			ids[i] = bucket(uint64(h), o.Buckets)
		}
		return nil
	}
	return s, nil
}
