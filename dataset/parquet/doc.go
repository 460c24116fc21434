// Package parquet reads and writes Parquet files as tables.
//
//	t, err := parquet.Open(os.DirFS("/data"), "rows", nil)   // a file, a glob, a folder as Spark or Hive writes it
//	w, err := parquet.Create("scores.parquet", schema, nil)
//
// It reads what pyarrow, Spark, Hive, fastparquet and their kind write: pages V1 and V2; the encodings PLAIN,
// dictionaries (with pages that fall back to another), RLE, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY,
// DELTA_BYTE_ARRAY and BYTE_STREAM_SPLIT; the codecs Snappy, gzip, Zstandard, LZ4_RAW, Hadoop's LZ4 and Brotli; nulls,
// and lists in lists. Not supported, and errors that say so: encrypted files, LZO, levels that are BIT_PACKED, columns in
// files of their own.
//
// What a column becomes:
//
//	BOOLEAN; integers, signed or not                  Bool; Int (an unsigned one past 2⁶³ − 1 is an error)
//	FLOAT, DOUBLE, FLOAT16                            Float32, Float64, Float32
//	DECIMAL in any of four physical types             Decimal: Ints to 18 digits, Floats (scale applied, nearest) beyond
//	DATE, TIMESTAMP, INT96                            Time, in the file's unit; INT96 in Config.Int96
//	TIME                                              Span since midnight
//	STRING, ENUM, JSON, UUID (its 36 characters)      Text, which must be UTF-8
//	other bytes, BSON                                 Binary
//	a struct                                          a column for each field, named "struct.field"
//	a list; a list of structs                         List; a List for each field
//	a map, a variant                                  an error that names it, or nothing: Config.SkipUnsupported
//
// Nothing that a file says is believed before the file bears it out: no length, count or offset calls for memory that
// the bytes at hand could not fill, checksums are checked where they are present, and an error names file, row group
// and column. Only the footer, and the pages of the columns and rows asked for, are read.
//
// Files are read by this package's own code, straight into the slices of table.Column and by pieces, since its
// memory must not depend on what a file claims; they are written by parquet-go.
package parquet
