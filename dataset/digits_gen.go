//go:build ignore

// This program makes digits.arrow from the UCI digits as scikit-learn carries them: a gzipped CSV file of 1,797 lines with 64
// pixels 0 … 16 and the label. Debian's package python3-sklearn has it. The output is the same bytes every time.
//
//	go run digits_gen.go [digits.csv.gz]
package main

import (
	"compress/gzip"
	"encoding/csv"
	"log"
	"os"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

const (
	input  = "/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz"
	output = "digits.arrow"
	pixels = 64
)

func main() {
	log.SetFlags(0)
	path := input
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	rows := readRows(path)

	metadata := arrow.NewMetadata(
		[]string{"name", "source", "doi", "licence", "values"},
		[]string{
			"Optical Recognition of Handwritten Digits",
			"E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998",
			"10.24432/C50P49",
			"CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
			"8x8 pixels, row by row, each the number 0 to 16 of dark pixels in a block of 4x4",
		})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "pixels", Type: arrow.FixedSizeListOf(pixels, arrow.PrimitiveTypes.Uint8)},
		{Name: "label", Type: arrow.PrimitiveTypes.Uint8},
	}, &metadata)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	list := b.Field(0).(*array.FixedSizeListBuilder)
	for _, row := range rows {
		list.Append(true)
		list.ValueBuilder().(*array.Uint8Builder).AppendValues(row[:pixels], nil)
		b.Field(1).(*array.Uint8Builder).Append(row[pixels])
	}

	f, err := os.Create(output)
	check(err)
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(schema))
	check(err)
	check(w.Write(b.NewRecord()))
	check(w.Close())
	check(f.Close())
	log.Printf("%s: %d digits", output, len(rows))
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
