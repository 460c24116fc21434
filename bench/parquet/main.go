// Parquet measures an epoch over a folder of Parquet files that is larger than memory should be: rows of 28×28 random
// bytes with an id and a label, in row groups of 32 MB. It makes the folder where there is none.
//
//	go run ./bench/parquet -dir rows -gb 5
//
// Processes read it, one after the other: "decode" reads every row group from beginning to end and drops it;
// "epoch" reads one shuffled epoch in batches of 64, as training does, and makes sure that every row comes exactly
// once; "both" alternates them, -runs times. Each says how many rows it read a second, and the most memory that
// the process ever held.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/parquet"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

const pixels = 784

var schema = table.Schema{
	{Name: "id", Type: table.Type{Kind: table.Int}},
	{Name: "image", Type: table.Type{Kind: table.Binary, Size: pixels}},
	{Name: "label", Type: table.Type{Kind: table.Int}},
}

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", filepath.Join(os.TempDir(), "tutti-parquet"), "folder of the files")
	gb := flag.Float64("gb", 5, "gigabytes of values, 10⁹ bytes each, if the folder is to be made")
	files := flag.Int("files", 10, "number of files, if the folder is to be made")
	runs := flag.Int("runs", 3, "how often both are run")
	partitions := flag.Int("partitions", 1, "logical partitions of a batch, read by one process")
	flag.Parse()
	if _, err := os.Stat(*dir); err != nil {
		if err := write(*dir, int(*gb*1e9/(pixels+16)), *files); err != nil {
			log.Fatal(err)
		}
	}
	var err error
	switch flag.Arg(0) {
	case "decode":
		err = decode(*dir)
	case "epoch":
		err = epoch(*dir, *partitions)
	case "", "both":
		err = both(*dir, *partitions, *runs)
	default:
		log.Fatalf("%q, want decode, epoch or both", flag.Arg(0))
	}
	if err != nil {
		log.Fatal(err)
	}
}

// write makes the folder; the labels are id mod 10.
func write(dir string, rows, files int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	log.Printf("writing %d rows to %s", rows, dir)
	rng, id := rand.NewChaCha8([32]byte{1}), 0
	image := make([]byte, pixels)
	for f := range files {
		w, err := parquet.Create(filepath.Join(dir, fmt.Sprintf("part-%05d.parquet", f)), schema, nil)
		if err != nil {
			return err
		}
		for end := rows * (f + 1) / files; id < end; {
			var r table.Rows
			r.Reset(schema)
			r.N = min(end-id, 5000)
			for range r.N {
				rng.Read(image)
				r.Columns[0].AppendInt(int64(id))
				r.Columns[1].AppendBytes(image)
				r.Columns[2].AppendInt(int64(id % 10))
				id++
			}
			if err := w.Write(context.Background(), &r); err != nil {
				return err
			}
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}

func decode(dir string) error {
	t, err := parquet.Open(os.DirFS(dir), ".", nil)
	if err != nil {
		return err
	}
	defer t.Close()
	began, total := time.Now(), 0
	var rows table.Rows
	for block, n := range t.Blocks() {
		if err := t.Read(context.Background(), block, 0, n, t.Schema().All(), &rows); err != nil {
			return err
		}
		total += n
	}
	return report("decode", total, began)
}

func epoch(dir string, partitions int) error {
	t, err := parquet.Open(os.DirFS(dir), ".", nil)
	if err != nil {
		return err
	}
	defer t.Close()
	src, err := table.Choose(context.Background(), t, table.Config{Target: "y", Columns: []table.Pick{
		{Name: "id", DType: tensor.Int64}, {Name: "image"}, {Name: "y", From: []string{"label"}, Class: true, Classes: 10}}})
	if err != nil {
		return err
	}
	plan := dataset.Plan{N: src.Len(), BatchSize: 64 * partitions, Partitions: partitions, Shuffle: true, Seed: 1}
	seen, total := make([]uint64, (src.Len()+63)/64), 0
	began := time.Now()
	e := plan.Epoch(0)
	readers := make([]*dataset.Reader, partitions)
	for p := range readers {
		readers[p] = e.Open(src, p, 0)
		defer readers[p].Close()
	}
	for range plan.Steps() {
		for _, r := range readers {
			b, err := r.Next(context.Background())
			if err != nil {
				return err
			}
			labels := tensor.Data[int64](b.Y)
			for i, id := range tensor.Data[int64](b.Col("id")) {
				switch {
				case id < 0 || int(id) >= src.Len() || labels[i] != id%10:
					return fmt.Errorf("row %d has label %d", id, labels[i])
				case seen[id/64]>>(id%64)&1 != 0:
					return fmt.Errorf("row %d comes twice", id)
				}
				seen[id/64] |= 1 << (id % 64)
				total++
			}
		}
	}
	if total != src.Len() {
		return fmt.Errorf("%d rows came, want %d", total, src.Len())
	}
	return report("epoch", total, began)
}

// report says how fast rows were read, and how much memory this process has held: on Linux.
func report(what string, rows int, began time.Time) error {
	held := "?"
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.Fields(kb)[0])
			held = strconv.Itoa(n * 1024 / 1e6)
		}
	}
	fmt.Printf("%-7s %9d rows once  %8.0f rows/s  %4s MB held\n", what, rows, float64(rows)/time.Since(began).Seconds(),
		held)
	return nil
}

// both runs this program for decode and epoch alternately, and prints the ratio of the medians.
func both(dir string, partitions, runs int) error {
	rates := map[string][]float64{}
	for range runs {
		for _, what := range []string{"decode", "epoch"} {
			out, err := exec.Command(os.Args[0], "-dir", dir, "-partitions", strconv.Itoa(partitions), what).CombinedOutput()
			fmt.Print(string(out))
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			rate, err := strconv.ParseFloat(strings.Fields(string(out))[4], 64)
			if err != nil {
				return err
			}
			rates[what] = append(rates[what], rate)
		}
	}
	for _, list := range rates {
		slices.Sort(list)
	}
	fmt.Printf("an epoch goes at %.0f %% of the decoder alone (medians of %d)\n",
		100*rates["epoch"][runs/2]/rates["decode"][runs/2], runs)
	return nil
}
