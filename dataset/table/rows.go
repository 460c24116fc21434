package table

import "fmt"

// Reset makes r zero rows of the columns that fields describe. Memory is kept and reused.
func (r *Rows) Reset(fields []Field) {
	r.N = 0
	if cap(r.Columns) < len(fields) {
		r.Columns = append(r.Columns[:cap(r.Columns)], make([]Column, len(fields)-cap(r.Columns))...)
	}
	r.Columns = r.Columns[:len(fields)]
	for i, f := range fields {
		r.Columns[i].Reset(f)
	}
}

// Resize makes r n rows of the columns that fields describe: Column.Resize for each.
func (r *Rows) Resize(n int, fields []Field) {
	r.Reset(fields)
	for i := range r.Columns {
		r.Columns[i].Resize(n)
	}
	r.N = n
}

// Append appends rows [lo, hi) of src, whose columns are of the same types in the same order.
func (r *Rows) Append(src *Rows, lo, hi int) {
	if len(r.Columns) != len(src.Columns) {
		panic(fmt.Sprintf("table: Rows.Append: %d columns to %d", len(src.Columns), len(r.Columns)))
	}
	for i := range r.Columns {
		r.Columns[i].AppendFrom(&src.Columns[i], lo, hi)
	}
	r.N += hi - lo
}

// Slice makes r the rows [lo, hi) of src, copied. Its memory is reused; r is not src.
func (r *Rows) Slice(src *Rows, lo, hi int) {
	r.Reset(src.fields())
	r.Append(src, lo, hi)
}

// Take makes r the given rows of src, copied, in that order. Its memory is reused; r is not src.
func (r *Rows) Take(src *Rows, rows []int) {
	r.Reset(src.fields())
	for i := range r.Columns {
		for _, row := range rows {
			r.Columns[i].AppendFrom(&src.Columns[i], row, row+1)
		}
	}
	r.N = len(rows)
}

func (r *Rows) fields() []Field {
	fields := make([]Field, len(r.Columns))
	for i := range r.Columns {
		fields[i] = r.Columns[i].Field
	}
	return fields
}

// Schema returns the fields of r's columns.
func (r *Rows) Schema() Schema { return r.fields() }

// At returns a row's values, by column, as Column.At gives them.
func (r *Rows) At(row int) []any {
	values := make([]any, len(r.Columns))
	for i := range r.Columns {
		values[i] = r.Columns[i].At(row)
	}
	return values
}

// Equal reports whether two Rows have the same columns and values. Floats are compared by their bits, but all NaNs are
// equal; that a column has Valid, or none because there are no nulls, is no difference.
func (r *Rows) Equal(s *Rows) bool {
	if r.N != s.N || len(r.Columns) != len(s.Columns) {
		return false
	}
	for i := range r.Columns {
		if !r.Columns[i].Equal(&s.Columns[i]) {
			return false
		}
	}
	return true
}

// Check returns an error unless all columns hold N well-formed rows.
func (r *Rows) Check() error {
	for i := range r.Columns {
		if err := r.Columns[i].Check(r.N); err != nil {
			return fmt.Errorf("column %q: %w", r.Columns[i].Name, err)
		}
	}
	return nil
}
