package web

import (
	"math"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// records is a list of measurements, such as epochs, in bounded memory. It keeps every measurement until it is full,
// then every second, every fourth …, and always the last one.
type records struct {
	stride  int // every how manieth is kept
	seen    int // measurements added
	list    []record
	names   []string // of the columns of all records
	changes int      // counts what moved records that a reader may hold already
}

const (
	recordsKept = 512 // at most
	recordNames = 64  // columns at most; others are left out
)

// record is one measurement: an epoch's, or an evaluation's within one.
type record struct {
	ordinal, epoch, global, samples int
	elapsed                         time.Duration
	values                          []float64 // by column; shorter than names if later columns were not measured
}

func (r *records) reset() { *r = records{stride: 1, changes: r.changes + 1} }

// add takes a measurement in. Its values are named with the prefixes "train/" and "test/".
func (r *records) add(m record, train, test []summary.Value) {
	if n := len(r.list); n > 0 && m.global < r.list[n-1].global {
		r.cut(m.global - 1)
	}
	if n := len(r.list); n > 0 && r.list[n-1].ordinal%r.stride != 0 {
		r.list = r.list[:n-1] // it was there as the last one, which readers read again
	}
	if len(r.list) == recordsKept {
		r.thin()
	}
	r.seen++
	m.ordinal = r.seen
	m.values = r.columns(m.values, "train/", train)
	m.values = r.columns(m.values, "test/", test)
	r.list = append(r.list, m)
}

// columns puts values into their columns of row.
func (r *records) columns(row []float64, prefix string, values []summary.Value) []float64 {
	for _, v := range values {
		at := r.name(prefix + clip(v.Name, nameBytes))
		if at < 0 {
			continue
		}
		for len(row) <= at {
			row = append(row, math.NaN())
		}
		row[at] = v.Value
	}
	return row
}

func (r *records) name(name string) int {
	for i := range r.names {
		if r.names[i] == name {
			return i
		}
	}
	if len(r.names) == recordNames {
		return -1
	}
	r.names = append(r.names, name)
	r.changes++
	return len(r.names) - 1
}

// thin keeps half of the records.
func (r *records) thin() {
	r.stride *= 2
	kept := 0
	for _, m := range r.list {
		if m.ordinal%r.stride == 0 {
			r.list[kept] = m
			kept++
		}
	}
	clear(r.list[kept:])
	r.list = r.list[:kept]
	r.changes++
}

// cut forgets what was measured after step.
func (r *records) cut(step int) {
	n := len(r.list)
	for n > 0 && r.list[n-1].global > step {
		n--
	}
	if n < len(r.list) {
		clear(r.list[n:])
		r.list = r.list[:n]
		r.changes++
	}
}

// value is that of column i, NaN if it was not measured.
func (m *record) value(i int) float64 {
	if i >= len(m.values) {
		return math.NaN()
	}
	return m.values[i]
}
