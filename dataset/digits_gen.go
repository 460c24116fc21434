//go:build ignore

// This program makes digits-images.idx3 and digits-labels.idx1 from the UCI digits as scikit-learn carries them: a
// gzipped CSV file of 1,797 lines with 64 pixels 0 … 16 and the label. Debian's package python3-sklearn has it. The
// output is the same bytes every time.
//
//	go run digits_gen.go [digits.csv.gz]
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"log"
	"os"
	"strconv"
)

const (
	input  = "/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz"
	pixels = 64
)

func main() {
	log.SetFlags(0)
	path := input
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	rows := readRows(path)

	images, labels := header(3, len(rows), 8, 8), header(1, len(rows))
	for _, row := range rows {
		images.Write(row[:pixels])
		labels.WriteByte(row[pixels])
	}
	check(os.WriteFile("digits-images.idx3", images.Bytes(), 0o644))
	check(os.WriteFile("digits-labels.idx1", labels.Bytes(), 0o644))
	log.Printf("%d digits", len(rows))
}

// header begins an IDX file of unsigned bytes.
func header(rank byte, dims ...int) *bytes.Buffer {
	b := bytes.NewBuffer([]byte{0, 0, 8, rank})
	for _, d := range dims {
		check(binary.Write(b, binary.BigEndian, uint32(d)))
	}
	return b
}

func readRows(path string) [][]uint8 {
	f, err := os.Open(path)
	check(err)
	z, err := gzip.NewReader(f)
	check(err)
	lines, err := csv.NewReader(z).ReadAll() // every line must have as many fields as the first
	check(err)
	var rows [][]uint8
	for i, line := range lines {
		row := make([]uint8, len(line))
		for j, field := range line {
			v, err := strconv.ParseUint(field, 10, 8)
			if err != nil || j < pixels && v > 16 || j == pixels && v > 9 || len(line) != pixels+1 {
				log.Fatalf("%s: line %d, field %d: %q of %d fields", path, i+1, j+1, field, len(line))
			}
			row[j] = uint8(v)
		}
		rows = append(rows, row)
	}
	return rows
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
