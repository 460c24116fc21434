package parquet

import (
	"io/fs"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Open opens a file, the files that match a pattern, or those of a folder as Spark and Hive write it, as one Table:
// table.Files and table.Join say how they are found, and what becomes of columns in another order, of drift between
// files, and of folders named column=value. table.OS() opens paths of the operating system. A nil Config is the zero
// value.
//
// A block is a row group, or, where row groups are large, a run of rows inside one. The memory of a Read is bounded by
// the pages it touches and the rows asked for, not by the row group. Only the footers are read at opening.
func Open(fsys fs.FS, path string, c *Config) (table.Table, error) {
	config, err := c.filled()
	if err != nil {
		return nil, err
	}
	resting := &cache{}
	return table.Open(fsys, path, func(fsys fs.FS, name string) (table.Table, error) {
		h, err := table.OpenAt(fsys, name)
		if err != nil {
			return nil, err
		}
		f, err := open(name, h, h.Size(), config, resting)
		if err != nil {
			h.Close()
			return nil, err
		}
		return f, nil
	})
}
