package arrow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file turns rows of a batch's columns into those of a table.

// batch gives the nodes and buffers of a batch, in the order of its layout.
type batch interface {
	// node returns a node's length, its nulls (negative: not counted), and where in its buffers its first value lies.
	node(i int) (n, nulls, first int64)
	// bytes returns bytes [lo, hi) of a buffer, valid until the next call. It is an error if there are fewer.
	bytes(buffer int, lo, hi int64) ([]byte, error)
	empty(buffer int) bool
	// words returns the words of a dictionary, read only.
	words(n *node) (*table.Column, error)
}

// decoder appends columns of a batch.
type decoder struct {
	batch
	limit int64 // bytes of words that one column may take
}

// maxNulls bounds elements that no byte of a file stands for.
const maxNulls = 1 << 24

// column sets dst to rows [lo, hi) of a table's column. An error is about row lo+bad, or the whole column if bad is
// negative.
func (d *decoder) column(dst *table.Column, c *column, lo, hi int64) (bad int64, err error) {
	dst.Reset(c.Field)
	null := map[int]bool{} // by a struct above
	for _, s := range c.above {
		n, nulls, first := d.node(s.at)
		if hi > n {
			return -1, fmt.Errorf("claims %d rows, its batch has more than %d", n, hi-1)
		}
		valid, err := d.valid(s, nulls, lo+first, hi+first)
		if err != nil {
			return -1, err
		}
		for i, ok := range valid {
			if !ok {
				null[i] = true
			}
		}
		lo, hi = lo+first, hi+first
	}
	if bad, err = d.append(dst, c.node, lo, hi); err != nil || len(null) == 0 {
		return bad, err
	}
	valid := make([]bool, hi-lo)
	for i := range valid {
		valid[i] = !dst.Null(i) && !null[i]
	}
	blank(dst, 0, valid)
	return 0, nil
}

// append appends rows [lo, hi) of n.
func (d *decoder) append(dst *table.Column, n *node, lo, hi int64) (bad int64, err error) {
	length, nulls, first := d.node(n.at)
	if hi > length {
		return -1, fmt.Errorf("ends at element %d, and %d are wanted", length, hi)
	}
	if lo == hi {
		return 0, nil
	}
	lo, hi = lo+first, hi+first
	from := dst.Len()
	if n.value.Kind == table.Null {
		if hi-lo > maxNulls {
			return -1, fmt.Errorf("claims %d nulls", hi-lo)
		}
		for range hi - lo {
			dst.AppendNull()
		}
		return 0, nil
	}
	valid, err := d.valid(n, nulls, lo, hi)
	if err != nil {
		return -1, err
	}
	switch t := n.typ.(type) {
	case *arrow.DictionaryType:
		bad, err = d.look(dst, n, t, valid, lo, hi)
	case *arrow.ListType, *arrow.LargeListType:
		bad, err = d.lists(dst, n, valid, lo, hi)
	case *arrow.FixedSizeListType:
		bad, err = d.fixedLists(dst, n, valid, lo, hi)
	case arrow.BinaryDataType:
		bad, err = d.strings(dst, n, valid, lo, hi)
	case *arrow.FixedSizeBinaryType:
		bad, err = d.fixedBytes(dst, n, valid, lo, hi)
	default:
		bad, err = d.numbers(dst, n, valid, lo, hi)
	}
	if err != nil {
		return bad, err
	}
	blank(dst, from, valid)
	return 0, nil
}

// valid returns which of values [lo, hi) are not null; nil: all.
func (d *decoder) valid(n *node, nulls, lo, hi int64) ([]bool, error) {
	if nulls == 0 {
		return nil, nil
	}
	if d.empty(n.buf) {
		if nulls > 0 {
			return nil, fmt.Errorf("claims %d nulls, and does not say which", nulls)
		}
		return nil, nil
	}
	valid := make([]bool, hi-lo)
	some, err := d.bits(n.buf, lo, hi, func(i int, set bool) { valid[i] = set })
	if err != nil || !some {
		return nil, err
	}
	return valid, nil
}

// bits calls fn with bits [lo, hi) of a buffer, and reports whether one is 0.
func (d *decoder) bits(buffer int, lo, hi int64, fn func(i int, set bool)) (zero bool, err error) {
	data, err := d.bytes(buffer, lo/8, (hi+7)/8)
	if err != nil {
		return false, err
	}
	at := int(lo % 8)
	for i := range int(hi - lo) {
		set := data[(at+i)/8]>>((at+i)%8)&1 != 0
		zero = zero || !set
		fn(i, set)
	}
	return zero, nil
}

// blank says of the rows of c from from on whether they are null, and clears those that are. Values of text and lists
// are empty already, but where a struct above is null.
func blank(c *table.Column, from int, valid []bool) {
	if valid == nil {
		for c.Valid != nil && len(c.Valid) < c.Len() {
			c.Valid = append(c.Valid, true)
		}
		return
	}
	if !slices.Contains(valid, false) {
		return
	}
	for len(c.Valid) < from {
		c.Valid = append(c.Valid, true)
	}
	c.Valid = append(c.Valid[:from], valid...)
	for i, ok := range valid {
		switch at := from + i; {
		case ok:
		case len(c.Ints) > at:
			c.Ints[at] = 0
		case len(c.Floats) > at:
			c.Floats[at] = 0
		case len(c.Floats32) > at:
			c.Floats32[at] = 0
		case len(c.Offsets) > at+1 && c.Offsets[at+1] > c.Offsets[at]:
			emptyNulls(c, from, valid)
			return
		}
	}
}

// emptyNulls takes the elements of nulls out of a column of text or lists.
func emptyNulls(c *table.Column, from int, valid []bool) {
	old := *c
	*c = table.Column{Field: old.Field}
	c.Reset(old.Field)
	for i := range old.Len() {
		if old.Null(i) {
			c.AppendNull()
		} else {
			c.AppendFrom(&old, i, i+1)
		}
	}
}

// ends returns offsets [lo, hi] of a list or text, none below the one before.
func (d *decoder) ends(n *node, lo, hi int64) (ends []int64, bad int64, err error) {
	size := int64(4)
	switch n.typ.ID() {
	case arrow.LARGE_LIST, arrow.LARGE_STRING, arrow.LARGE_BINARY:
		size = 8
	}
	data, err := d.bytes(n.buf+1, lo*size, (hi+1)*size)
	if err != nil {
		return nil, -1, err
	}
	ends = make([]int64, hi-lo+1)
	for i := range ends {
		if size == 4 {
			ends[i] = int64(int32(binary.LittleEndian.Uint32(data[4*i:])))
		} else {
			ends[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
		if ends[i] < 0 || i > 0 && ends[i] < ends[i-1] {
			before := ends[max(0, i-1)]
			return nil, int64(max(0, i-1)), fmt.Errorf("begins at %d and ends at %d", before, ends[i])
		}
	}
	return ends, 0, nil
}

func (d *decoder) strings(dst *table.Column, n *node, valid []bool, lo, hi int64) (bad int64, err error) {
	ends, bad, err := d.ends(n, lo, hi)
	if err != nil {
		return bad, err
	}
	first, last := ends[0], ends[len(ends)-1]
	var data []byte
	if last > first {
		if data, err = d.bytes(n.buf+2, first, last); err != nil {
			return -1, err
		}
	}
	base := int64(len(dst.Data))
	for i := range ends {
		ends[i] -= first
	}
	if n.value.Kind == table.Text {
		if i := notText(data, ends, valid); i >= 0 {
			return int64(i), fmt.Errorf("%q is not UTF-8", data[ends[i]:ends[i+1]])
		}
	}
	dst.Data = append(dst.Data, data...)
	for _, end := range ends[1:] {
		dst.Offsets = append(dst.Offsets, base+end)
	}
	return 0, nil
}

// notText returns the place of the first value that is not UTF-8 and not null, or −1.
func notText(data []byte, ends []int64, valid []bool) int {
	if utf8.Valid(data) {
		// a character may still be cut in two
		if !slices.ContainsFunc(ends, func(end int64) bool { return end < int64(len(data)) && !utf8.RuneStart(data[end]) }) {
			return -1
		}
	}
	for i := range len(ends) - 1 {
		if (valid == nil || valid[i]) && !utf8.Valid(data[ends[i]:ends[i+1]]) {
			return i
		}
	}
	return -1
}

func (d *decoder) fixedBytes(dst *table.Column, n *node, valid []bool, lo, hi int64) (bad int64, err error) {
	if hi > math.MaxInt64/n.size {
		return -1, fmt.Errorf("claims %d values of %d bytes", hi, n.size)
	}
	data, err := d.bytes(n.buf+1, lo*n.size, hi*n.size)
	if err != nil {
		return -1, err
	}
	for i := range hi - lo {
		if valid == nil || valid[i] {
			dst.Data = append(dst.Data, data[i*n.size:(i+1)*n.size]...)
		}
		dst.Offsets = append(dst.Offsets, int64(len(dst.Data)))
	}
	return 0, nil
}

func (d *decoder) lists(dst *table.Column, n *node, valid []bool, lo, hi int64) (bad int64, err error) {
	ends, bad, err := d.ends(n, lo, hi)
	if err != nil {
		return bad, err
	}
	base := int64(dst.Elem.Len())
	if bad, err := d.append(dst.Elem, n.kids[0], ends[0], ends[len(ends)-1]); err != nil {
		if bad < 0 {
			return -1, err
		}
		list, _ := slices.BinarySearch(ends, ends[0]+bad+1)
		return int64(list - 1), err
	}
	for _, end := range ends[1:] {
		dst.Offsets = append(dst.Offsets, base+end-ends[0])
	}
	return 0, nil
}

// fixedLists appends lists of one size: runs of those that are not null.
func (d *decoder) fixedLists(dst *table.Column, n *node, valid []bool, lo, hi int64) (bad int64, err error) {
	if hi > math.MaxInt64/n.size {
		return -1, fmt.Errorf("claims %d lists of %d elements", hi, n.size)
	}
	for i := int64(0); i < hi-lo; {
		end := hi - lo
		if valid != nil {
			if !valid[i] {
				dst.Offsets = append(dst.Offsets, int64(dst.Elem.Len()))
				i++
				continue
			}
			if next := slices.Index(valid[i:], false); next >= 0 {
				end = i + int64(next)
			}
		}
		base := int64(dst.Elem.Len())
		if bad, err := d.append(dst.Elem, n.kids[0], (lo+i)*n.size, (lo+end)*n.size); err != nil {
			if bad < 0 {
				return -1, err
			}
			return i + bad/n.size, err
		}
		for k := range end - i {
			dst.Offsets = append(dst.Offsets, base+(k+1)*n.size)
		}
		i = end
	}
	return 0, nil
}

// look appends the words that a dictionary's indices stand for.
func (d *decoder) look(dst *table.Column, n *node, t *arrow.DictionaryType, valid []bool, lo, hi int64) (bad int64,
	err error) {
	at, bad, err := d.integers(n.buf+1, t.IndexType, lo, hi, valid)
	if err != nil {
		return bad, err
	}
	words, err := d.words(n)
	if err != nil {
		return -1, err
	}
	total := int64(0)
	for i, w := range at {
		if valid != nil && !valid[i] {
			dst.AppendNull()
			continue
		}
		if w < 0 || w >= int64(words.Len()) {
			return int64(i), fmt.Errorf("entry %d of a dictionary of %d", w, words.Len())
		}
		if words.Offsets != nil {
			if total += words.Offsets[w+1] - words.Offsets[w]; total > d.limit {
				return int64(i), fmt.Errorf("its words take more than the limit of %d bytes", d.limit)
			}
		}
		dst.AppendFrom(words, int(w), int(w)+1)
	}
	return 0, nil
}

var errLarge = errors.New("is past the largest int64")
