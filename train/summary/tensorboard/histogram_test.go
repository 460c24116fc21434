package tensorboard_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

// histogram gives the parts of the histogram that Writer.Histogram makes of t, and what it says of elements that are
// not finite.
func histogram(t *testing.T, x *tensor.Tensor) (h message, limits, counts []float64, lost float64) {
	t.Helper()
	w, _ := at(t)
	require.NoError(t, w.Histogram("w", x, 9))
	require.NoError(t, w.Close())
	event := events(t, w.Path())[1]
	require.Equal(t, uint64(9), event.numbers[2])
	for _, v := range event.values(t) {
		switch string(v.bytes[1][0]) {
		case "w":
			h = decode(t, v.bytes[5][0])
			limits, counts = doubles(h.bytes[6]), doubles(h.bytes[7])
		case "w/not-finite":
			lost = float64(math.Float32frombits(uint32(v.numbers[2])))
		}
	}
	return h, limits, counts, lost
}

func doubles(packed [][]byte) (v []float64) {
	for b := packed[0]; len(b) > 0; b = b[8:] {
		v = append(v, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return v
}

// TestHistogramBuckets: random bits, edges and their neighbours lie in the bucket that a search finds.
func TestHistogramBuckets(t *testing.T) {
	var x []float64
	for v := 1e-12; v < 1e20; v *= 1.1 {
		for _, y := range []float64{v, math.Nextafter(v, 0), math.Nextafter(v, 1e300)} {
			x = append(x, y, -y)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		if v := math.Float64frombits(rng.Uint64()); math.Abs(v) < 1e150 {
			x = append(x, v)
		}
	}
	h, limits, counts, lost := histogram(t, tensor.FromSlice(x, len(x)))
	require.Zero(t, lost)
	require.Equal(t, float64(len(x)), math.Float64frombits(h.numbers[3]))
	want := make([]float64, len(limits))
	for _, v := range x {
		i := sort.SearchFloat64s(limits, v) // limits[i-1] < v <= limits[i]
		if i < len(limits) && limits[i] == v {
			i++
		}
		want[max(1, min(i, len(limits)-1))]++
	}
	require.Equal(t, want, counts)
}

// TestHistogramOfDTypes: the same numbers make the same histogram in every dtype, of a view too.
func TestHistogramOfDTypes(t *testing.T) {
	x := tensor.FromSlice([]float32{0, 1, 2, 3, 1, 1}, 2, 3)
	want, _, _, _ := histogram(t, x)
	for _, d := range []tensor.DType{tensor.Float64, tensor.Float16, tensor.BFloat16, tensor.Int32,
		tensor.Int64, tensor.Uint8} {
		got, _, _, _ := histogram(t, x.Cast(d))
		require.Equal(t, want, got, "%v", d)
	}
	got, _, _, _ := histogram(t, x.Transpose(0, 1))
	require.Equal(t, want, got)
}

func TestHistogramOfWhatIsNotFinite(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	h, _, counts, lost := histogram(t, tensor.FromSlice([]float64{inf, 2, nan, -inf, 3}, 5))
	require.Equal(t, 3.0, lost)
	require.Equal(t, 5.0, math.Float64frombits(h.numbers[4]), "the sum")
	require.Equal(t, 2.0, counts[1]+counts[len(counts)-1])
	h, _, _, lost = histogram(t, tensor.FromSlice([]float64{nan}, 1))
	require.Equal(t, 1.0, lost)
	require.Nil(t, h.bytes, "no histogram")

	w, _ := at(t)
	require.ErrorContains(t, w.Histogram("w", tensor.New(tensor.Float32, 0, 3), 9), "shape [0 3]")
}

func BenchmarkHistogram(b *testing.B) {
	w, err := tensorboard.Create(b.TempDir())
	require.NoError(b, err)
	defer w.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	x := tensor.New(tensor.Float32, 1<<18)
	for i, v := 0, tensor.Data[float32](x); i < len(v); i++ {
		v[i] = float32(rng.NormFloat64())
	}
	b.SetBytes(4 << 18)
	for b.Loop() {
		_ = w.Histogram("w", x, 1)
	}
}
