package images

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
)

// photos is a folder of n JPEGs of 500×375 pixels, about the size of ImageNet's, 4:2:0.
func photos(n int) map[string][]byte {
	files := map[string][]byte{}
	for i := range n {
		files[fmt.Sprintf("d/%d/%d.jpg", i%2, i)] = noise(375, 500, uint64(i))
	}
	return files
}

// trainOps are what a network of 224² is trained with, evalOps what it is tested with.
var (
	trainOps = []Op{RandomResizedCrop{H: 224, W: 224}, HorizontalFlip{}, ImageNet}
	evalOps  = []Op{ResizeShorter{Size: 256}, CenterCrop{H: 224, W: 224}, ImageNet}
)

// BenchmarkFolder reads a folder of photos to samples [3, 224, 224].
//
//	go test -run - -bench Folder ./dataset/images
func BenchmarkFolder(b *testing.B) {
	const n = 16
	files := tree(photos(n))
	for name, ops := range map[string][]Op{"train": trainOps, "eval": evalOps, "jitter": append([]Op{trainOps[0], trainOps[1],
		ColorJitter{0.4, 0.4, 0.4, 0.1}}, ImageNet)} {
		for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
			b.Run(fmt.Sprintf("%s/workers=%d", name, workers), func(b *testing.B) {
				src, err := Folder(files, "d", Config{Ops: ops, Workers: workers})
				require.NoError(b, err)
				var batch dataset.Batch
				index := make([]int, n)
				for i := range index {
					index[i] = i
				}
				b.ReportAllocs()
				for b.Loop() {
					require.NoError(b, batch.Fill(src, index))
				}
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}

// What an image costs in new memory is what the standard library's decoder takes: 1.5 bytes a pixel for the planes of
// 4:2:0, and its tables. Pixels (3 bytes each), samples and scratch are used again.
func TestFillReusesMemory(t *testing.T) {
	const n, pixels = 4, 375 * 500
	for name, ops := range map[string][]Op{"train": trainOps, "eval": evalOps} {
		src, err := Folder(tree(photos(n)), "d", Config{Ops: ops, Workers: 1})
		require.NoError(t, err)
		var b dataset.Batch
		index := []int{0, 1, 2, 3}
		require.NoError(t, b.Fill(src, index))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.NoError(t, b.Fill(src, index))
		runtime.ReadMemStats(&after)
		each := (after.TotalAlloc - before.TotalAlloc) / n
		require.Less(t, each, uint64(2*pixels), "%s: bytes of new memory an image", name)
	}
}
