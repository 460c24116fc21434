package parquet

import "fmt"

// dictionary holds the values of a dictionary page, in the slice of the column's physical type.
type dictionary struct {
	ints     []int64
	floats32 []float32
	floats   []float64
	data     []byte
	ends     []int64 // from 0
}

// looked are values by their index in a dictionary.
type looked[T any] struct {
	table []T
	index hybrid
}

func errIndex(i uint32, n int) error {
	return fmt.Errorf("index %d into a dictionary of %d values", i, n)
}

func (d *looked[T]) skip(n int) error { return d.index.skip(n) }

func (d *looked[T]) read(dst []T) error {
	var tmp [512]uint32
	table := d.table
	for len(dst) > 0 {
		n := min(len(dst), len(tmp))
		if err := readHybrid(&d.index, tmp[:n]); err != nil {
			return err
		}
		out := dst[:n]
		for i := range out {
			at := tmp[i]
			if uint(at) >= uint(len(table)) {
				return errIndex(at, len(table))
			}
			out[i] = table[at]
		}
		dst = dst[n:]
	}
	return nil
}

// lookedBytes is looked for strings of bytes.
type lookedBytes struct {
	dict  *dictionary
	index hybrid
}

func (d *lookedBytes) skip(n int) error { return d.index.skip(n) }

func (d *lookedBytes) read(data []byte, ends []int64, n, limit int) ([]byte, []int64, error) {
	var tmp [512]uint32
	for n > 0 {
		k := min(n, len(tmp))
		if err := readHybrid(&d.index, tmp[:k]); err != nil {
			return data, ends, err
		}
		for _, at := range tmp[:k] {
			if int(at) >= len(d.dict.ends)-1 {
				return data, ends, errIndex(at, len(d.dict.ends)-1)
			}
			p := d.dict.data[d.dict.ends[at]:d.dict.ends[at+1]]
			if len(p) > limit-len(data) {
				return data, ends, errLimit(limit)
			}
			data = append(data, p...)
			ends = append(ends, int64(len(data)))
		}
		n -= k
	}
	return data, ends, nil
}
