// Package sql reads the rows of a database's query as a table, by database/sql and any of its drivers.
//
// A query runs once. Its rows go to a temporary Arrow file, so that they may be more than memory holds, each epoch reads
// the same ones, and any range of them is cheap to read; Close removes the file. Shared runs a query on one rank of a
// group and gives all of them its rows: two ranks' queries may differ, since tables change.
//
// What becomes of values follows from what the driver gives, and from the type that the database declares:
//
//	integers                     Int, exactly; one past int64 is an error. Bool, where BOOLEAN is declared and all are 0 or 1
//	floats, integers among them  Float64; Float32 where the driver says so
//	bool                         Bool
//	text                         Text, which must be UTF-8; where the database declares NUMERIC, DECIMAL or NUMBER a Decimal,
//	                             exact up to 18 digits; where it declares an integer or a float, that
//	bytes                        Binary; as text, where the database declares a type of text or of numbers
//	times                        Time in microseconds since 1970, UTC; in nanoseconds where the first rows have them, and in
//	                             days where the database declares DATE and none has a time of day
//	NULL                         a null; a column of nothing else has what the database declares, else Kind Null
//
// The types are found from the first rows (64 Ki rows, 16 MiB). A later value that is of another type is an error with its
// row and column, never another value; Config.Types says the type of a column beforehand.
//
// Reading order: sql.go, types.go (which type a column has), convert.go (a value of it), spool.go, shared.go.
package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Config says how a query's rows are read. The zero value needs nothing.
type Config struct {
	Name string // of the table, for messages; default "query"
	// Types are the types of columns, by name; others are found. A text becomes a number, a Bool or a Time if it is one:
	// times are written 2026-01-31, 2026-01-31 12:34:56.789 (UTC) or as RFC 3339 has it. Lists are refused.
	Types map[string]table.Type
	// Dir is the folder of the temporary files; default os.TempDir. They take about as much as the values do.
	Dir string
	// Progress, if set, is called now and then with the rows and bytes kept so far, and at the end. Shared calls it on
	// every rank.
	Progress func(rows, bytes int64)

	noLinks  bool // for tests: ranks get bytes, as on other hosts
	headRows int  // for tests: rows by which types are found; 0: headRows
}

// Open runs a query and keeps its rows. It returns when all have come. The end of ctx cancels the query.
//
// Errors name the query (Config.Name), and as they apply row (from 0) and column; what is wrong with a value is
// dataset.ErrFormat.
func Open(ctx context.Context, db *sql.DB, query string, args []any, c Config) (table.Table, error) {
	s, err := spool(ctx, db, query, args, c.filled())
	if err != nil {
		return nil, err
	}
	return s.open()
}

func (c Config) filled() Config {
	if c.Name == "" {
		c.Name = "query"
	}
	if c.headRows == 0 {
		c.headRows = headRows
	}
	return c
}

// spool runs a query into a spool.
func spool(ctx context.Context, db *sql.DB, query string, args []any, c Config) (s *spooled, err error) {
	for _, name := range slices.Sorted(maps.Keys(c.Types)) {
		switch t := c.Types[name]; {
		case t.Kind == table.List || t.Kind == table.Null:
			return nil, fmt.Errorf("dataset: %s: Config.Types: column %q is %v, want no list and no null", c.Name, name, t)
		case t.Kind == table.Decimal && (t.Digits < 1 || t.Scale < 0 || t.Scale > t.Digits):
			return nil, fmt.Errorf("dataset: %s: Config.Types: column %q is %v", c.Name, name, t)
		case (t.Kind == table.Time || t.Kind == table.Span) && t.Unit <= 0:
			return nil, fmt.Errorf("dataset: %s: Config.Types: column %q has the unit %v", c.Name, name, t.Unit)
		}
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", c.Name, err)
	}
	defer func() {
		if err = errors.Join(err, rows.Close()); err != nil && s != nil {
			err = errors.Join(err, s.remove())
			s = nil
		}
	}()
	q := &running{config: c, rows: rows}
	if err := q.columns(); err != nil {
		return nil, err
	}
	if s, err = newSpool(c); err != nil {
		return nil, err
	}
	return s, q.into(ctx, s)
}

// running is a query under way.
type running struct {
	config Config
	rows   *sql.Rows
	cols   []found
	read   int64   // rows read
	row    int64   // of the row to be written next
	head   [][]any // rows that are kept until types are found
	bytes  int     // about, of head
	values []any   // of the row just read
	into_  []any   // pointers to values
}

// found is a column, as far as it is known.
type found struct {
	name    string
	hint    hint
	typ     table.Type
	decided bool
	given   bool // by Config.Types
	nulls   bool // one has been seen
}

// Head is read up to so much before types are found.
const (
	headRows  = 1 << 16
	headBytes = 16 << 20
)

// columns finds the names and declared types of the columns.
func (q *running) columns() error {
	types, err := q.rows.ColumnTypes()
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", q.config.Name, err)
	}
	seen := map[string]bool{}
	for _, t := range types {
		f := found{name: t.Name(), hint: hintOf(t)}
		if seen[f.name] {
			return table.Malformed(q.config.Name, "two columns are named %q; name one by AS", f.name)
		}
		seen[f.name] = true
		f.typ, f.given = q.config.Types[f.name]
		f.decided = f.given
		q.cols = append(q.cols, f)
	}
	for name := range q.config.Types {
		if !seen[name] {
			return table.Malformed(q.config.Name, "Config.Types has a column %q, the query has %q", name,
				slices.Sorted(maps.Keys(seen)))
		}
	}
	q.values, q.into_ = make([]any, len(types)), make([]any, len(types))
	for i := range q.values {
		q.into_[i] = &q.values[i]
	}
	return nil
}

// next reads a row into values, and reports whether there was one.
func (q *running) next(ctx context.Context) (bool, error) {
	if !q.rows.Next() {
		err := q.rows.Err()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return false, fmt.Errorf("dataset: %s: after %d rows: %w", q.config.Name, q.read, err)
		}
		return false, nil
	}
	if err := q.rows.Scan(q.into_...); err != nil {
		return false, fmt.Errorf("dataset: %s: row %d: %w", q.config.Name, q.read, err)
	}
	q.read++
	return true, nil
}

// into reads all rows into a spool: rows until types are found, then all that are of these types. A column that had
// only nulls so far gets its type when the first value comes; from there on the rows go to another file.
func (q *running) into(ctx context.Context, s *spooled) error {
	more, err := q.next(ctx)
	for {
		q.head, q.bytes = q.head[:0], 0
		for ; more && err == nil && len(q.head) < q.config.headRows && q.bytes < headBytes; more, err = q.next(ctx) {
			q.head = append(q.head, slices.Clone(q.values))
			q.bytes += bytesOf(q.values)
		}
		if err != nil {
			return err
		}
		schema := q.decide()
		if err := s.begin(schema); err != nil {
			return err
		}
		for _, row := range q.head {
			if err := q.write(ctx, s, row); err != nil {
				return err
			}
		}
		for ; more && !q.surprised(); more, err = q.next(ctx) {
			if err := q.write(ctx, s, q.values); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if err := s.end(ctx); err != nil {
			return err
		}
		if !more {
			break
		}
	}
	for _, c := range q.cols {
		s.nulls = append(s.nulls, c.nulls)
	}
	return nil
}

// surprised reports whether the row just read has a value in a column that had none.
func (q *running) surprised() bool {
	for i, c := range q.cols {
		if !c.decided && q.values[i] != nil {
			return true
		}
	}
	return false
}

// decide finds the types of columns from the rows in head.
func (q *running) decide() table.Schema {
	schema := make(table.Schema, len(q.cols))
	for i := range q.cols {
		c := &q.cols[i]
		if !c.decided {
			c.typ, c.decided = typeOf(q.head, i, c.hint)
		}
		schema[i] = table.Field{Name: c.name, Type: c.typ, Nullable: true}
	}
	return schema
}

// write appends a row to the spool.
func (q *running) write(ctx context.Context, s *spooled, row []any) error {
	for i, v := range row {
		c := &q.cols[i]
		if v == nil {
			c.nulls = true
			s.rows.Columns[i].AppendNull()
			continue
		}
		if err := appendValue(&s.rows.Columns[i], v, c); err != nil {
			return table.MalformedAt(q.config.Name, c.name, q.row, "%w", err)
		}
	}
	q.row++
	return s.add(ctx, bytesOf(row))
}

// bytesOf is about the memory of a row's values.
func bytesOf(row []any) int {
	n := 24
	for _, v := range row {
		n += 24
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
	}
	return n
}
