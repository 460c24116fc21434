package databases

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"github.com/tutti-ml/tutti/dataset"
	tuttisql "github.com/tutti-ml/tutti/dataset/sql"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

// postgres connects to the server that the script run has started, whose address it gives in TUTTI_POSTGRES.
func postgres(t *testing.T) *sql.DB {
	t.Helper()
	address := os.Getenv("TUTTI_POSTGRES")
	require.NotEmpty(t, address, "TUTTI_POSTGRES is not set: run these tests by ci/databases/run")
	db, err := sql.Open("pgx", address)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func sqlite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		_, err := db.ExecContext(context.Background(), s)
		require.NoError(t, err, s)
	}
}

// open runs a query and reads its rows.
func open(t *testing.T, db *sql.DB, c tuttisql.Config, query string, args ...any) (types []string, rows *table.Rows, err error) {
	t.Helper()
	c.Dir = t.TempDir()
	tab, err := tuttisql.Open(context.Background(), db, query, args, c)
	if err != nil {
		left, dirErr := os.ReadDir(c.Dir)
		require.NoError(t, dirErr)
		require.Empty(t, left)
		return nil, nil, err
	}
	rows, err = table.ReadAll(context.Background(), tab)
	require.NoError(t, err)
	require.NoError(t, rows.Check())
	require.NoError(t, tab.Close())
	for _, f := range tab.Schema() {
		types = append(types, f.Type.String())
	}
	return types, rows, nil
}

func utc(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return at
}

// Each type of PostgreSQL by its literal, and the value that the literal says.
func TestPostgresTypes(t *testing.T) {
	db := postgres(t)
	for _, c := range []struct {
		literal, typ string
		want         any
	}{
		{"(-32768)::int2", "int16", int64(-32768)},
		{"2147483647::int4", "int32", int64(2147483647)},
		{"9007199254740993::int8", "int64", int64(9007199254740993)},
		{"'-9223372036854775808'::int8", "int64", int64(-9223372036854775808)},
		{"0.1::float4", "float32", float32(0.1)},
		{"0.1::float8", "float64", 0.1},
		{"'Infinity'::float8 > 0", "bool", true},
		{"12.5::numeric(10,2)", "decimal(10,2)", "12.50"},
		{"-0.07::numeric(18,2)", "decimal(18,2)", "-0.07"},
		{"9999999999999999.99::numeric(18,2)", "decimal(18,2)", "9999999999999999.99"},
		{"90071992547409.93::numeric", "decimal(18,2)", "90071992547409.93"},
		{"1e30::numeric(40,0)", "decimal(40,0)", 1e30},
		{"'Grüße'::text", "text", "Grüße"},
		{"'00123'::varchar(10)", "text", "00123"},
		{"'ab'::char(4)", "text", "ab  "},
		{"'7d444840-9dc0-11d1-b245-5ffdce74fad2'::uuid", "text", "7d444840-9dc0-11d1-b245-5ffdce74fad2"},
		{`'{"a": 1}'::jsonb`, "text", `{"a": 1}`},
		{"'\\x00ff0a'::bytea", "binary", []byte{0, 255, 10}},
		{"'2026-01-31 14:00:00.000005+02'::timestamptz", "time[us]", utc("2026-01-31T12:00:00.000005Z")},
		{"'1931-05-06 07:08:09'::timestamp", "time[us]", utc("1931-05-06T07:08:09Z")},
		{"'0001-01-01'::date", "time[d]", utc("0001-01-01T00:00:00Z")},
		{"'2026-02-28'::date", "time[d]", utc("2026-02-28T00:00:00Z")},
		{"'{1,2}'::int[]", "text", "{1,2}"},
	} {
		t.Run(c.literal, func(t *testing.T) {
			types, rows, err := open(t, db, tuttisql.Config{}, fmt.Sprintf("SELECT %s AS v", c.literal))
			require.NoError(t, err)
			assert.Equal(t, []string{c.typ}, types)
			require.Equal(t, 1, rows.N)
			assert.Equal(t, c.want, rows.Columns[0].At(0))

			_, rows, err = open(t, db, tuttisql.Config{}, fmt.Sprintf("SELECT NULL AS v UNION ALL SELECT %s", c.literal))
			require.NoError(t, err)
			require.Equal(t, 2, rows.N)
			assert.True(t, rows.Columns[0].Null(0))
			assert.False(t, rows.Columns[0].Null(1))

			types, rows, err = open(t, db, tuttisql.Config{}, fmt.Sprintf("SELECT %s AS v WHERE false", c.literal))
			require.NoError(t, err)
			require.Zero(t, rows.N)
			assert.Len(t, types, 1)
		})
	}
}

func TestPostgresRefuses(t *testing.T) {
	db := postgres(t)
	for query, want := range map[string]string{
		"SELECT 'NaN'::numeric AS v":                          `dataset: query: column "v", row 0: "NaN" is no decimal number`,
		"SELECT n, 1/(n-3) AS v FROM generate_series(0, 9) n": "division by zero",
		"SELECT nothing":                                      `column "nothing" does not exist`,
		"SELECT 1, 2":                                         `dataset: query: two columns are named "?column?"; name one by AS`,
		"SELECT now() AS v UNION ALL SELECT 'infinity'":       `column "v", row 1: "infinity", a string, is no time[us]`,
		"SELECT repeat('9', 30)::numeric + n * 0.5 AS v FROM generate_series(1, 70000) n WHERE n = 1 OR n > 69990": "",
	} {
		_, _, err := open(t, db, tuttisql.Config{}, query)
		if want == "" {
			assert.NoError(t, err, query)
		} else {
			assert.ErrorContains(t, err, want, query)
		}
	}
	_, _, err := open(t, db, tuttisql.Config{}, `SELECT CASE WHEN n < 70000 THEN 0.5 ELSE 0.125 END::numeric AS v
		FROM generate_series(0, 80000) n ORDER BY n`)
	assert.ErrorIs(t, err, dataset.ErrFormat)
	assert.ErrorContains(t, err, `column "v", row 70000: 0.125 is no decimal(18,1)`)
}

// A query with arguments, larger than what is held at once, is a source; its text becomes classes.
func TestPostgresTrainingData(t *testing.T) {
	db := postgres(t)
	exec(t, db, "DROP TABLE IF EXISTS flowers", `CREATE TABLE flowers (id bigint PRIMARY KEY, petal numeric(6,2), kind text)`,
		`INSERT INTO flowers SELECT n + 9007199254740993, n / 100.0, CASE n % 3 WHEN 0 THEN 'iris' WHEN 1 THEN 'aster' ELSE 'rose' END
			FROM generate_series(0, 149999) n`)
	tab, err := tuttisql.Open(context.Background(), db, "SELECT * FROM flowers WHERE id >= $1 ORDER BY id",
		[]any{int64(9007199254740993 + 1000)}, tuttisql.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	defer tab.Close()
	src, err := table.Choose(context.Background(), tab, table.Config{Target: "kind", Columns: []table.Pick{{Name: "id"},
		{Name: "petal"}, {Name: "kind", Class: true}}})
	require.NoError(t, err)
	require.Equal(t, 149_000, src.Len())
	require.Greater(t, len(src.Blocks()), 1)
	assert.Equal(t, []string{"aster", "iris", "rose"}, src.Spec().Columns[2].ClassNames)
	var b dataset.Batch
	require.NoError(t, b.Fill(src, []int{0, 1, 148_999}))
	assert.Equal(t, []int64{9007199254741993, 9007199254741994, 9007199254890992}, tensor.Data[int64](b.Col("id")))
	assert.Equal(t, []float32{10, 10.01, 1499.99}, tensor.Data[float32](b.Col("petal")))
	assert.Equal(t, []int64{0, 2, 2}, tensor.Data[int64](b.Y)) // 1000 % 3 = 1, 1001 % 3 = 2, 149999 % 3 = 2
}

// The end of the context ends the query at the server, too.
func TestPostgresCancel(t *testing.T) {
	db := postgres(t)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := tuttisql.Open(ctx, db, "SELECT pg_sleep(600), 'to be cancelled' AS v", nil, tuttisql.Config{Dir: t.TempDir()})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool {
		var n int
		err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE state = 'active' AND query LIKE '%to be cancelled%' AND pid <> pg_backend_pid()`).Scan(&n)
		return err == nil && n == 0
	}, 20*time.Second, 50*time.Millisecond)
}

// Rows come and go while ranks read: one query, so the same rows on all.
func TestPostgresShared(t *testing.T) {
	db := postgres(t)
	exec(t, db, "DROP TABLE IF EXISTS moving", "CREATE TABLE moving (n bigint)",
		"INSERT INTO moving SELECT * FROM generate_series(0, 69999)")
	dir := t.TempDir()
	sums := make([]int64, 3)
	done := make(chan error, len(sums))
	for rank, end := range inproc.NewWorld(len(sums)) {
		g, err := collectives.New(end, collectives.Config{})
		require.NoError(t, err)
		go func() {
			defer g.Close()
			tab, err := tuttisql.Shared(context.Background(), g, db, "SELECT n FROM moving", nil, tuttisql.Config{Dir: dir})
			if err != nil {
				done <- err
				return
			}
			if _, err = db.Exec("INSERT INTO moving VALUES (1000000)"); err == nil {
				var rows *table.Rows
				if rows, err = table.ReadAll(context.Background(), tab); err == nil {
					for _, v := range rows.Columns[0].Ints {
						sums[rank] += v
					}
					err = tab.Close()
				}
			}
			done <- err
		}()
	}
	for range sums {
		require.NoError(t, <-done)
	}
	const want = 70_000 * 69_999 / 2
	assert.Equal(t, []int64{want, want, want}, sums)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// SQLite has types for values, not for columns: what is declared, what comes, and what is refused.
func TestSQLite(t *testing.T) {
	db := sqlite(t)
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, flag BOOLEAN, x REAL, price NUMERIC, name TEXT, raw BLOB, day DATE,
		at TIMESTAMP, any)`,
		`INSERT INTO t VALUES (9007199254740993, 1, 0.5, 12.25, 'ä', x'00ff', '2026-02-28', '2026-01-31 12:34:56', 7),
			(9007199254740994, 0, 2, 3, '', x'', NULL, NULL, NULL)`)
	types, rows, err := open(t, db, tuttisql.Config{}, "SELECT * FROM t ORDER BY id")
	require.NoError(t, err)
	assert.Equal(t, []string{"int64", "bool", "float64", "float64", "text", "binary", "time[d]", "time[us]", "int64"}, types)
	assert.Equal(t, []any{int64(9007199254740993), true, 0.5, 12.25, "ä", []byte{0, 255}, utc("2026-02-28T00:00:00Z"),
		utc("2026-01-31T12:34:56Z"), int64(7)}, rows.At(0))
	assert.Equal(t, []any{int64(9007199254740994), false, 2.0, 3.0, "", []byte{}, nil, nil, nil}, rows.At(1))

	exec(t, db, "INSERT INTO t (id, name, any) VALUES (9007199254740995, x'47fc', 'text')")
	_, _, err = open(t, db, tuttisql.Config{Name: "t"}, "SELECT any FROM t ORDER BY id")
	assert.ErrorContains(t, err, `dataset: t: column "any", row 2: "text", a string, is no int64`)
	_, _, err = open(t, db, tuttisql.Config{Name: "t"}, "SELECT name FROM t ORDER BY id")
	assert.ErrorContains(t, err, `dataset: t: column "name", row 2: "G\xfc" is not UTF-8`)
	types, rows, err = open(t, db, tuttisql.Config{Types: map[string]table.Type{"any": {Kind: table.Text}}},
		"SELECT CAST(any AS TEXT) AS any FROM t ORDER BY id")
	require.NoError(t, err)
	assert.Equal(t, []string{"text"}, types)
	assert.Equal(t, []any{"7"}, rows.At(0))
	assert.Equal(t, []any{nil}, rows.At(1))
	assert.Equal(t, []any{"text"}, rows.At(2))
}
