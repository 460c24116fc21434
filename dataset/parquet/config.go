package parquet

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Config says how files are read. Nil, like the zero value, reads any file of sensible size.
type Config struct {
	// BlockRows is the most rows of a block. Longer row groups are cut. 0: 65536.
	BlockRows int
	// BlockBytes is about the most bytes that a block takes in memory, all columns decoded, where the footer allows
	// to tell. 0: 16 MiB.
	BlockBytes int64
	// MaxBytes is the most that one page may take decompressed, and one column of one Read. What says that it is
	// larger is refused, a decompression bomb for one. 0: 256 MiB; at most 2 GiB. Raise it for files that have one page a
	// row group.
	MaxBytes int64
	// Int96 is the unit of INT96 timestamps. 0: Nanosecond, which reaches from 1677 to 2262; a time beyond is an
	// error. Spark's own are exact in Microsecond.
	Int96 table.Unit
	// BinaryAsText takes bytes without annotation for text, as Impala and old Spark write it.
	BinaryAsText bool
	// SkipUnsupported leaves columns out that a Table cannot hold, maps for one; otherwise they are errors.
	SkipUnsupported bool
}

const (
	defaultBlockRows  = 65536
	defaultBlockBytes = 16 << 20
	defaultMaxBytes   = 256 << 20
)

// filled is c with its defaults.
func (c *Config) filled() (*Config, error) {
	var d Config
	if c != nil {
		d = *c
	}
	if d.BlockRows == 0 {
		d.BlockRows = defaultBlockRows
	}
	if d.BlockBytes == 0 {
		d.BlockBytes = defaultBlockBytes
	}
	if d.MaxBytes == 0 {
		d.MaxBytes = defaultMaxBytes
	}
	if d.Int96 == 0 {
		d.Int96 = table.Nanosecond
	}
	if d.BlockRows < 0 || d.BlockBytes < 0 || d.MaxBytes < 0 {
		return nil, fmt.Errorf("parquet: Config: BlockRows %d, BlockBytes %d, MaxBytes %d, want none negative",
			d.BlockRows, d.BlockBytes, d.MaxBytes)
	}
	switch d.Int96 {
	case table.Nanosecond, table.Microsecond, table.Millisecond, table.Second:
	default:
		return nil, fmt.Errorf("parquet: Config.Int96 is %d ns, want a nanosecond, microsecond, millisecond or second",
			d.Int96)
	}
	return &d, nil
}

// limit is MaxBytes, as an int of any machine.
func (c *Config) limit() int { return int(min(c.MaxBytes, math.MaxInt32)) }
