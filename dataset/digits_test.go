package dataset

import (
	"hash/fnv"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// The first line of digits.csv.gz as scikit-learn carries it: a zero.
var firstDigit = []float32{
	0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0,
	0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0,
}

func TestDigits(t *testing.T) {
	train, test, err := Digits()
	require.NoError(t, err)
	assert.Equal(t, []int{1437, 360}, []int{train.Len(), test.Len()})
	assert.Equal(t, XY("digits", []int{1, 8, 8}, 10, nil), train.Spec())
	assert.Equal(t, train.Spec(), test.Spec())

	// sklearn.datasets.load_digits(): numpy.bincount(target), data.sum()
	want := []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}
	all, held := make([]int, 10), make([]int, 10)
	sum := 0.0
	for _, src := range []Source{train, test} {
		require.NoError(t, scan(src, func(b *Batch) {
			for _, v := range tensor.Data[float32](b.X) {
				require.True(t, v >= 0 && v <= 1, "pixel %v", v)
				sum += float64(v) * 16
			}
			for _, label := range tensor.Data[int64](b.Y) {
				if all[label]++; src == test {
					held[label]++
				}
			}
		}))
	}
	assert.Equal(t, want, all)
	assert.Equal(t, 561718.0, sum)
	for digit, n := range want {
		assert.InDelta(t, float64(n)/5, held[digit], 1, "digit %d", digit)
	}

	whole := train.(*subset).Source
	var b Batch
	require.NoError(t, whole.Fill(&b, []int{0}))
	for i := range firstDigit {
		assert.Equal(t, firstDigit[i]/16, tensor.Data[float32](b.X)[i])
	}
	assert.Equal(t, []int64{0}, tensor.Data[int64](b.Y))
}

// The held-out fifth is pinned: another one, and accuracies no longer compare. With order as in TestShuffleGolden:
//
//	lab = [int(row[64]) for row in csv.reader(gzip.open("digits.csv.gz", "rt"))]
//	held = sorted(sorted(order(1797, 1998, 0), key=lambda i: lab[i])[::5]); print(held[:8])
//	h = 0x811c9dc5
//	for i in held:
//	    for b in (i & 255, i >> 8): h = (h^b) * 0x01000193 % 2**32
//	print(hex(h))
func TestDigitsSplitIsFixed(t *testing.T) {
	train, test, err := Digits()
	require.NoError(t, err)
	held := test.(*subset).index
	both := slices.Concat(train.(*subset).index, held)
	slices.Sort(both)
	assert.Equal(t, count(1797), both)

	h := fnv.New32a()
	for _, i := range held {
		h.Write([]byte{byte(i), byte(i >> 8)})
	}
	assert.Equal(t, []int{7, 9, 13, 16, 18, 26, 29, 31}, held[:8])
	assert.Equal(t, uint32(0x248ed8aa), h.Sum32())
}

func TestSets(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range Sets {
		assert.False(t, seen[s.Name], "%s occurs twice", s.Name)
		seen[s.Name] = true
		assert.NotEmpty(t, s.What)
		assert.NotContains(t, s.What, "\n")
		_, _, err := s.Open(t.TempDir()) // an empty directory: the sets that are files say what they want
		if err != nil {
			assert.True(t, strings.HasPrefix(err.Error(), "dataset: "), err)
			assert.NotContains(t, err.Error(), "\n")
		}
	}
	train, _, err := Open("digits", "")
	require.NoError(t, err)
	assert.Equal(t, 1437, train.Len())
	_, _, err = Open("cifar", "")
	assert.EqualError(t, err, `dataset: no data set "cifar", there are digits, fashion-mnist`)
}
