package sql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"reflect"
	"sync/atomic"
	"testing"
)

// fake is a driver whose every query gives the same rows.
type fake struct {
	columns []fakeColumn
	rows    func(row int) ([]driver.Value, error) // io.EOF after the last

	queries   atomic.Int64
	cancelled atomic.Bool
}

// fakeColumn is a column and what a database declares of it.
type fakeColumn struct {
	name, typ     string
	scan          reflect.Type // default: any
	digits, scale int64        // declared if digits is positive
}

// values makes rows of some values.
func values(rows ...[]driver.Value) func(int) ([]driver.Value, error) {
	return func(row int) ([]driver.Value, error) {
		if row == len(rows) {
			return nil, io.EOF
		}
		return rows[row], nil
	}
}

func (f *fake) db(t testing.TB) *sql.DB {
	db := sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	return db
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fake) Driver() driver.Driver                        { return nil }

type fakeConn struct{ f *fake }

func (c fakeConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (c fakeConn) Close() error                        { return nil }
func (c fakeConn) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }

func (c fakeConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	c.f.queries.Add(1)
	return &fakeRows{fake: c.f, ctx: ctx}, nil
}

type fakeRows struct {
	*fake
	ctx context.Context
	row int
}

func (r *fakeRows) Columns() []string {
	var names []string
	for _, c := range r.columns {
		names = append(names, c.name)
	}
	return names
}

func (r *fakeRows) Close() error {
	if r.ctx.Err() != nil {
		r.cancelled.Store(true)
	}
	return nil
}

func (r *fakeRows) Next(dst []driver.Value) error {
	row, err := r.rows(r.row)
	copy(dst, row)
	r.row++
	return err
}

func (r *fakeRows) ColumnTypeDatabaseTypeName(i int) string { return r.columns[i].typ }

func (r *fakeRows) ColumnTypeScanType(i int) reflect.Type {
	if r.columns[i].scan == nil {
		return reflect.TypeFor[any]()
	}
	return r.columns[i].scan
}

func (r *fakeRows) ColumnTypePrecisionScale(i int) (digits, scale int64, ok bool) {
	return r.columns[i].digits, r.columns[i].scale, r.columns[i].digits > 0
}
