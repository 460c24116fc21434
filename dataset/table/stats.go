package table

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
)

// Stats says what is in a table.
type Stats struct {
	Name    string
	Rows    int64
	Blocks  int
	Columns []ColumnStats
}

// ColumnStats says what is in a column. Of lists, Min, Max, Mean, NaNs and Values are those of all their elements.
type ColumnStats struct {
	Field
	Nulls    int64   // rows that are null
	Inner    int64   // elements of lists that are null
	NaNs     int64   // of floats; they are in no other number
	Values   int64   // numbers that Min, Max and Mean are of
	Min, Max any     // as Column.At gives them; nil if there are none. Of text and binary the first 64 bytes of each count
	Mean     float64 // of numbers; of times and spans in their unit; NaN if there are none, and of text
	Shortest int64   // bytes of text and binary, elements of lists; -1 if there are none
	Longest  int64

	// Distinct is the number of different values: exact up to 4096 of them, and above an estimate with a standard error
	// of 1.6 %. It is -1 for lists. Nulls and NaN are no values.
	Distinct int64
	Exact    bool
	// Counts are the values of a column with at most 4096, and how often each is there: the balance of classes. The
	// most frequent come first, then by value. nil for columns with more, and for lists.
	Counts []Count
}

// Count is how often a value is there.
type Count struct {
	Value any // as Column.At gives it
	N     int64
}

// maxCounts is the most values of a column that are counted one by one.
const maxCounts = 4096

// Describe reads a whole table and says what is in it. Memory is that of a piece of a block, and some 300 kB a column.
func Describe(ctx context.Context, t Table) (*Stats, error) {
	const piece = 1 << 14
	schema := t.Schema()
	s := &Stats{Name: t.Name(), Blocks: len(t.Blocks())}
	columns := make([]*observer, len(schema))
	for i, f := range schema {
		columns[i] = newObserver(f)
	}
	var rows Rows
	for block, n := range t.Blocks() {
		for lo := 0; lo < n; lo += piece {
			if err := t.Read(ctx, block, lo, min(n, lo+piece), schema.All(), &rows); err != nil {
				return nil, err
			}
			for i := range columns {
				columns[i].see(&rows.Columns[i])
			}
			s.Rows += int64(rows.N)
		}
	}
	for _, o := range columns {
		s.Columns = append(s.Columns, o.stats())
	}
	return s, nil
}

// observer gathers the stats of a column.
type observer struct {
	s            ColumnStats
	minI, maxI   int64
	minF, maxF   float64
	minT, maxT   []byte
	sum          float64
	numbers      map[uint64]int64 // how often each is there, by its bits; nil once there are too many
	texts        map[string]*int64
	sketch       []uint8
	elem         Type // of values: the column's or of its lists
	tooMany, own bool // own: values are the column's, and not of lists
}

func newObserver(f Field) *observer {
	o := &observer{s: ColumnStats{Field: f, Shortest: -1, Longest: -1}, elem: f.Type, own: f.Type.Kind != List}
	for o.elem.Kind == List {
		o.elem = *o.elem.Elem
	}
	if o.own {
		o.numbers, o.texts = map[uint64]int64{}, map[string]*int64{}
		o.sketch = make([]uint8, 1<<sketchBits)
	}
	return o
}

// see takes some rows into account.
func (o *observer) see(c *Column) {
	n := c.Len()
	if c.Type.Kind == List || c.Type.storage() == inData {
		for row := range n {
			if c.Null(row) {
				continue
			}
			length := c.Offsets[row+1] - c.Offsets[row]
			if o.s.Longest = max(o.s.Longest, length); o.s.Shortest < 0 || length < o.s.Shortest {
				o.s.Shortest = length
			}
		}
	}
	for row := range n {
		if c.Null(row) {
			o.s.Nulls++
		}
	}
	lo, hi := 0, n
	for c.Type.Kind == List {
		if hi == 0 {
			return
		}
		lo, hi = int(c.Offsets[lo]), int(c.Offsets[hi])
		c = c.Elem
	}
	for i := lo; i < hi; i++ {
		if c.Null(i) {
			if !o.own {
				o.s.Inner++
			}
			continue
		}
		o.value(c, i)
	}
}

// value takes a value that is there into account.
func (o *observer) value(c *Column, i int) {
	first := o.s.Values == 0
	switch c.Type.storage() {
	case inInts:
		v := c.Ints[i]
		if first || v < o.minI {
			o.minI = v
		}
		if first || v > o.maxI {
			o.maxI = v
		}
		o.sum += float64(v)
		o.count(uint64(v))
	case inFloats:
		o.float(c.Floats[i])
		return
	case inFloats32:
		o.float(float64(c.Floats32[i]))
		return
	case inData:
		v := c.Bytes(i)
		o.countText(v)
		v = v[:min(len(v), 64)]
		if first || bytes.Compare(v, o.minT) < 0 {
			o.minT = append(o.minT[:0], v...)
		}
		if first || bytes.Compare(v, o.maxT) > 0 {
			o.maxT = append(o.maxT[:0], v...)
		}
	}
	o.s.Values++
}

func (o *observer) float(v float64) {
	if v != v {
		o.s.NaNs++
		return
	}
	if o.s.Values == 0 || v < o.minF {
		o.minF = v
	}
	if o.s.Values == 0 || v > o.maxF {
		o.maxF = v
	}
	o.sum += v
	o.count(math.Float64bits(v + 0)) // -0 is 0
	o.s.Values++
}

// count counts a number by its bits.
func (o *observer) count(key uint64) {
	if !o.own {
		return
	}
	o.mark(mix(key))
	if o.tooMany {
		return
	}
	if o.numbers[key]++; len(o.numbers) > maxCounts {
		o.tooMany, o.numbers = true, nil
	}
}

func (o *observer) countText(v []byte) {
	if !o.own {
		return
	}
	hash := uint64(14695981039346656037) // FNV-1a
	for _, c := range v {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	o.mark(mix(hash))
	if o.tooMany {
		return
	}
	if n := o.texts[string(v)]; n != nil {
		*n++
		return
	}
	o.texts[string(v)] = new(int64(1))
	if len(o.texts) > maxCounts || len(v) > 1<<12 {
		o.tooMany, o.texts = true, nil
	}
}

// sketchBits is the logarithm of a sketch's registers; its estimates have a standard error of 1.04/√2¹² = 1.6 %.
const sketchBits = 12

// mark notes a value's hash in the sketch: the register that its first bits name keeps the longest run of zeros after
// them. Source: Flajolet, Fusy, Gandouet and Meunier, HyperLogLog (2007).
func (o *observer) mark(hash uint64) {
	at := hash >> (64 - sketchBits)
	if run := uint8(bits.LeadingZeros64(hash<<sketchBits|1<<(sketchBits-1)) + 1); run > o.sketch[at] {
		o.sketch[at] = run
	}
}

// mix makes all bits of a key count: the last step of MurmurHash3.
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// estimate returns about how many values were marked.
func estimate(sketch []uint8) int64 {
	const m = 1 << sketchBits
	sum, empty := 0.0, 0
	for _, run := range sketch {
		sum += math.Ldexp(1, -int(run))
		if run == 0 {
			empty++
		}
	}
	alpha := 0.7213 / (1 + 1.079/m)
	e := alpha * m * m / sum
	if e <= 2.5*m && empty > 0 {
		e = m * math.Log(float64(m)/float64(empty))
	}
	return int64(math.Round(e))
}

// stats returns what was gathered.
func (o *observer) stats() ColumnStats {
	s := o.s
	s.Mean, s.Distinct = math.NaN(), -1
	one := Column{Field: Field{Type: o.elem}}
	at := func(i int64, f float64, t []byte) any {
		one.Ints, one.Floats, one.Floats32, one.Data, one.Offsets = []int64{i}, []float64{f}, []float32{float32(f)},
			append([]byte{}, t...), []int64{0, int64(len(t))}
		return one.At(0)
	}
	if s.Values > 0 {
		s.Min, s.Max = at(o.minI, o.minF, o.minT), at(o.maxI, o.maxF, o.maxT)
		if o.elem.storage() != inData {
			s.Mean = o.sum / float64(s.Values)
			if o.elem.Kind == Decimal && !o.elem.Wide() {
				s.Mean /= math.Pow10(o.elem.Scale)
			}
		}
	}
	if !o.own {
		return s
	}
	if o.tooMany {
		s.Distinct = estimate(o.sketch)
		return s
	}
	s.Exact, s.Counts = true, []Count{}
	keys := make([]sortKey, 0, len(o.numbers)+len(o.texts))
	for key, n := range o.numbers {
		k := sortKey{n: n, i: int64(key)}
		if o.elem.storage() != inInts {
			k.f = math.Float64frombits(key)
			k.i = 0
		}
		keys = append(keys, k)
	}
	for t, n := range o.texts {
		keys = append(keys, sortKey{n: *n, t: t})
	}
	slices.SortFunc(keys, func(a, b sortKey) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.i, b.i), cmp.Compare(a.f, b.f), cmp.Compare(a.t, b.t))
	})
	for _, k := range keys {
		s.Counts = append(s.Counts, Count{at(k.i, k.f, []byte(k.t)), k.n})
	}
	s.Distinct = int64(len(keys))
	return s
}

// sortKey is a value that is counted.
type sortKey struct {
	n, i int64
	f    float64
	t    string
}
