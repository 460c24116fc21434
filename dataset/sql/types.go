package sql

import (
	"database/sql"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file finds which type a column has.

// declared is what a database says that a column is.
type declared uint8

const (
	unknown declared = iota
	integer
	boolean
	floating
	decimal
	text
	binary
	date
	moment
)

// families are the names of types that databases use.
var families = map[declared]string{
	integer: "INT INT2 INT4 INT8 INT64 INTEGER TINYINT SMALLINT MEDIUMINT BIGINT SERIAL BIGSERIAL SMALLSERIAL YEAR",
	boolean: "BOOL BOOLEAN",
	floating: "FLOAT FLOAT4 FLOAT8 FLOAT64 REAL DOUBLE DOUBLE_PRECISION BINARY_FLOAT BINARY_DOUBLE IBFLOAT " +
		"IBDOUBLE",
	decimal: "NUMERIC DECIMAL NUMBER",
	text: "TEXT CHAR VARCHAR BPCHAR NCHAR NVARCHAR VARCHAR2 NVARCHAR2 NAME CITEXT STRING TINYTEXT MEDIUMTEXT LONGTEXT " +
		"NTEXT CLOB NCLOB CHARACTER CHARACTER_VARYING UUID JSON JSONB XML ENUM SET",
	binary: "BYTEA BLOB TINYBLOB MEDIUMBLOB LONGBLOB BINARY VARBINARY RAW LONG_RAW IMAGE BYTES",
	date:   "DATE",
	moment: "TIMESTAMP TIMESTAMPTZ DATETIME DATETIME2 SMALLDATETIME DATETIMEOFFSET TIMESTAMP_TZ TIMESTAMP_NTZ",
}

var family = func() map[string]declared {
	all := map[string]declared{}
	for f, names := range families {
		for name := range strings.FieldsSeq(names) {
			all[name] = f
		}
	}
	return all
}()

// hint is what is known of a column before its values.
type hint struct {
	is     declared
	bits   int  // of an integer or a float, where the driver says so: 16 or 32
	digits int  // of a decimal
	scale  int  // of a decimal
	exact  bool // digits and scale are declared
	text   bool // the driver says that its values are strings
}

func hintOf(t *sql.ColumnType) hint {
	name, _, _ := strings.Cut(strings.ToUpper(t.DatabaseTypeName()), "(")
	name = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(name), "UNSIGNED "), " UNSIGNED"))
	h := hint{is: family[strings.ReplaceAll(name, " ", "_")]}
	if digits, scale, ok := t.DecimalSize(); ok && digits >= 1 && digits <= 1000 && scale >= 0 && scale <= digits {
		h.digits, h.scale, h.exact = int(digits), int(scale), true // a driver may make up others where none are declared
	}
	if scan := t.ScanType(); scan != nil {
		switch h.text = scan.Kind() == reflect.String; scan.Kind() {
		case reflect.Int16:
			h.bits = 16
		case reflect.Int32, reflect.Float32:
			h.bits = 32
		}
	}
	return h
}

// class is what a driver's value is.
type class uint8

const (
	other class = iota
	whole
	real
	logical
	chars
	raw
	instant
)

func classOf(v any) class {
	switch v.(type) {
	case int64:
		return whole
	case float64:
		return real
	case bool:
		return logical
	case string:
		return chars
	case []byte:
		return raw
	case time.Time:
		return instant
	}
	switch k := plain(v).Kind(); {
	case k >= reflect.Int && k <= reflect.Uint64:
		return whole
	case k == reflect.Float32:
		return real
	case k == reflect.String:
		return chars
	}
	return other
}

// plain is v if it is of one of Go's own types, else nothing: a driver's type may be an integer that means something else,
// such as an infinite time.
func plain(v any) reflect.Value {
	if r := reflect.ValueOf(v); r.IsValid() && r.Type().PkgPath() == "" {
		return r
	}
	return reflect.Value{}
}

// typeOf returns the type of column i, from its values in head and what is declared; false if nothing is known yet.
func typeOf(head [][]any, i int, h hint) (table.Type, bool) {
	first := other
	some, reals, times := false, false, false
	for _, row := range head {
		if row[i] == nil {
			continue
		}
		c := classOf(row[i])
		if !some {
			first, some = c, true
		}
		reals, times = reals || c == real, times || c == instant
	}
	if !some {
		return h.alone()
	}
	if times && (h.is == moment || h.is == date) { // a text among them, "infinity", is an error, also the first
		first = instant
	}
	switch first {
	case whole, real:
		if h.is == boolean && all(head, i, func(v any) bool { n, ok := v.(int64); return ok && n>>1 == 0 }) {
			return table.Type{Kind: table.Bool}, true
		}
		if !reals && first == whole {
			return h.integer(), true
		}
		if h.bits == 32 && all(head, i, func(v any) bool {
			x, ok := v.(float64)
			return ok && (float64(float32(x)) == x || x != x)
		}) {
			return table.Type{Kind: table.Float32}, true
		}
		return table.Type{Kind: table.Float64}, true
	case logical:
		return table.Type{Kind: table.Bool}, true
	case instant:
		return timeType(head, i, h), true
	case chars, raw:
		switch {
		case h.is == decimal:
			return decimalType(head, i, h), true
		case h.is == integer:
			return h.integer(), true
		case h.is == floating:
			return table.Type{Kind: table.Float64}, true
		case h.is == binary, first == raw && h.is != text && !h.text:
			return table.Type{Kind: table.Binary}, true
		}
	}
	return table.Type{Kind: table.Text}, true
}

// alone returns what a column without values is declared as.
func (h hint) alone() (table.Type, bool) {
	switch h.is {
	case integer:
		return h.integer(), true
	case boolean:
		return table.Type{Kind: table.Bool}, true
	case floating:
		if h.bits == 32 {
			return table.Type{Kind: table.Float32}, true
		}
		return table.Type{Kind: table.Float64}, true
	case text:
		return table.Type{Kind: table.Text}, true
	case binary:
		return table.Type{Kind: table.Binary}, true
	case decimal:
		return table.Type{Kind: table.Decimal, Digits: h.digits, Scale: h.scale}, h.exact
	}
	return table.Type{Kind: table.Null}, false
}

func (h hint) integer() table.Type {
	if h.bits != 0 && h.is == integer {
		return table.Type{Kind: table.Int, Bits: h.bits}
	}
	return table.Type{Kind: table.Int, Bits: 64}
}

// timeType returns the coarsest unit, days apart only if declared, that keeps all times, from microseconds on.
func timeType(head [][]any, i int, h hint) table.Type {
	unit := table.Microsecond
	is := func(ok func(t time.Time) bool) bool { // what is no time will be an error
		return all(head, i, func(v any) bool { t, isTime := v.(time.Time); return !isTime || ok(t) })
	}
	if h.is == date && is(func(t time.Time) bool { return t.Equal(midnight(t)) }) {
		unit = table.Day
	} else if !is(func(t time.Time) bool { return t.Nanosecond()%1000 == 0 }) {
		unit = table.Nanosecond
	}
	return table.Type{Kind: table.Time, Unit: unit}
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// decimalType returns what is declared, or else the scale that keeps all values, and 18 digits if they do.
func decimalType(head [][]any, i int, h hint) table.Type {
	if h.exact {
		return table.Type{Kind: table.Decimal, Digits: h.digits, Scale: h.scale}
	}
	t := table.Type{Kind: table.Decimal, Digits: 18}
	wholes := 0
	for _, row := range head {
		if s, ok := stringOf(row[i]); ok {
			if d, err := parseDecimal(s); err == nil {
				t.Scale = max(t.Scale, d.scale)
				wholes = max(wholes, len(d.digits)-d.scale)
			}
		}
	}
	if wholes+t.Scale > 18 {
		t.Digits = min(wholes+t.Scale, math.MaxInt16)
	}
	return t
}

// all reports whether ok holds for all values of column i that are not null.
func all(head [][]any, i int, ok func(v any) bool) bool {
	for _, row := range head {
		if row[i] != nil && !ok(row[i]) {
			return false
		}
	}
	return true
}
