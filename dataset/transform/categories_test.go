package transform_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/transform"
	"github.com/tutti-ml/tutti/tensor"
)

func texts(values ...string) dataset.Source {
	return dataset.FromColumns("", dataset.Values{Name: "x", Text: values})
}

var x = []string{"x"}

// apply returns src after ops that need no fitting.
func apply(t *testing.T, src dataset.Source, ops ...transform.Op) *dataset.Batch {
	t.Helper()
	return allOf(t, src, &transform.Pipeline{Ops: ops})
}

// The hash is in the bits of trained models. By a program of its own:
//
//	M = 2**64-1
//	def fnv1a(b):
//	    h = 0xcbf29ce484222325
//	    for c in b: h = (h ^ c) * 0x100000001b3 & M
//	    return h
//	def mix(z):
//	    z = (z + 0x9e3779b97f4a7c15) & M
//	    z = (z ^ z>>30) * 0xbf58476d1ce4e5b9 & M; z = (z ^ z>>27) * 0x94d049bb133111eb & M; return z ^ z>>31
//	def of(n, *parts): return mix(fnv1a(b"".join(parts))) % n
//	assert fnv1a(b"foobar") == 0x85944171f73967e8      # a test vector of FNV's authors
//	[of(2**40, b) for b in (b"", b"a", b"foobar")]
//	[of(10, b) for b in (b"-7", b"42")], of(1000, (5).to_bytes(8, "little"), b"oslo")
//	of(997, b"ab", b"\xff", b"1", b"\xff"), of(997, b"a", b"\xff", b"1", b"\xff")
func TestHash(t *testing.T) {
	const many = 1 << 40
	b := apply(t, texts("", "a", "foobar"), transform.Hash{Columns: x, Buckets: many})
	assert.Equal(t, []int64{6100942640, 733862397223, 280045542991}, tensor.Data[int64](b.X))
	assert.Equal(t, many, b.Spec().Columns[0].Classes)
	b = apply(t, vectors("x", 2, int32(-7), 42), transform.Hash{Columns: x, Buckets: 10})
	assert.Equal(t, []int64{9, 2}, tensor.Data[int64](b.X))
	b = apply(t, texts("oslo"), transform.Hash{Columns: x, Buckets: 1000, Salt: 5})
	assert.Equal(t, []int64{620}, tensor.Data[int64](b.X))

	two := dataset.FromColumns("", dataset.Values{Name: "x", Text: []string{"ab", "a"}},
		dataset.Values{Name: "n", Tensor: tensor.FromSlice([]int64{1, 1}, 2)})
	b = apply(t, two, transform.Cross{Columns: []string{"x", "n"}, As: "xn", Buckets: 997})
	assert.Equal(t, []int64{673, 842}, tensor.Data[int64](b.Col("xn")))
	assert.Equal(t, "ab", string(b.Text("x", 0)))
}

func TestVocabulary(t *testing.T) {
	src := texts("oslo", "rome", "oslo", "bern", "rome", "lima", "oslo", "")
	for _, c := range []struct {
		name   string
		op     transform.Vocabulary
		tokens []string
		ids    []int64
	}{
		{"by count, then bytes", transform.Vocabulary{}, []string{"oslo", "rome", "", "bern", "lima"},
			[]int64{1, 2, 1, 4, 2, 5, 1, 3}},
		{"padding, two unknown, from two on", transform.Vocabulary{Padding: true, Unknown: 2, MinCount: 2},
			[]string{"oslo", "rome"}, []int64{3, 4, 3, 2, 4, 2, 3, 1}}, // of(2, "bern"), "lima": 1, of(2, ""): 0
		{"the most frequent, sorted", transform.Vocabulary{MaxSize: 4, Sorted: true}, []string{"", "bern", "oslo", "rome"},
			[]int64{3, 4, 3, 2, 4, 0, 3, 1}},
		{"none unknown", transform.Vocabulary{Unknown: -1}, []string{"oslo", "rome", "", "bern", "lima"},
			[]int64{0, 1, 0, 3, 1, 4, 0, 2}},
	} {
		c.op.Columns = x
		p, err := (&transform.Pipeline{Ops: []transform.Op{c.op}}).Fit(t.Context(), src, nil)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.tokens, p.Ops[0].(transform.Vocabulary).Tokens, c.name)
		b := allOf(t, src, p)
		assert.Equal(t, c.ids, tensor.Data[int64](b.X), c.name)
	}
	p := &transform.Pipeline{Ops: []transform.Op{
		transform.Vocabulary{Columns: x, Unknown: -1, Tokens: []string{"a", "b"}}}}
	spec, err := p.Spec(src.Spec())
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, spec.Columns[0].ClassNames)
	assert.Equal(t, 2, spec.Columns[0].Classes)
	var b dataset.Batch
	require.NoError(t, b.Fill(src, []int{1}))
	assert.EqualError(t, p.Transform(&b), `transform: Vocabulary: column "x": "rome" is none of the 2 tokens`)
	_, err = transform.Source(src, &transform.Pipeline{Ops: []transform.Op{
		transform.Vocabulary{Columns: x, Tokens: []string{"a", "a"}}}})
	assert.EqualError(t, err, `op 0: transform: Vocabulary: Tokens has "a" twice`)
}

// Integers are sorted as such, and lists keep their lengths.
func TestVocabularyOfIntegersAndLists(t *testing.T) {
	ints := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice([]int64{10, 9, 10, -3}, 4),
		Offsets: []int64{0, 3, 3, 4}})
	b := fitOne(t, ints, transform.Vocabulary{Columns: x, Sorted: true})
	values, offsets := b.Ragged("x")
	assert.Equal(t, []int64{3, 2, 3, 1}, tensor.Data[int64](values))
	assert.Equal(t, []int64{0, 3, 3, 4}, offsets)

	words := dataset.FromColumns("", dataset.Values{Name: "x", Text: []string{"b", "a", "b"},
		Offsets: []int64{0, 0, 2, 3}})
	b = fitOne(t, words, transform.Vocabulary{Columns: x})
	values, offsets = b.Ragged("x")
	assert.Equal(t, []int64{1, 2, 1}, tensor.Data[int64](values))
	assert.Equal(t, []int64{0, 0, 2, 3}, offsets)
}

// The same tokens and boundaries on 1 to 4 ranks.
func TestCategoriesDoNotDependOnTheRanks(t *testing.T) {
	src := mixed(5000)
	p := &transform.Pipeline{Ops: []transform.Op{
		transform.Vocabulary{Columns: []string{"word"}, MinCount: 3, MaxSize: 40},
		transform.Bucketize{Columns: []string{"y", "x"}, Bins: 7},
	}}
	one, err := p.Fit(t.Context(), src, nil)
	require.NoError(t, err)
	assert.Len(t, one.Ops[0].(transform.Vocabulary).Tokens, 40)
	for ranks := 2; ranks <= 4; ranks++ {
		err := launch.Local(t.Context(), ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			q, err := p.Fit(ctx, src, g)
			if err == nil {
				assert.Equal(t, one.Ops, q.Ops)
			}
			return err
		})
		require.NoError(t, err)
	}
}

// Of scikit-learn 1.7:
//
//	c = np.array([["oslo"], ["rome"], ["bern"], ["rome"]])
//	OneHotEncoder(sparse_output=False).fit_transform(c)
func TestOneHot(t *testing.T) {
	b := fitOne(t, texts("oslo", "rome", "bern", "rome"), transform.Vocabulary{Columns: x, Sorted: true, Unknown: -1})
	require.NoError(t, (&transform.Pipeline{Ops: []transform.Op{transform.OneHot{Columns: x}}}).Transform(b))
	assert.Equal(t, []int{4, 3}, b.X.Shape())
	assert.Equal(t, []float32{0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1}, tensor.Data[float32](b.X))

	two := vectors("x", 2, int64(0), 2, 1, 5)
	b = apply(t, two, transform.OneHot{Columns: x, Depth: 3, Ignore: true})
	assert.Equal(t, []int{2, 2, 3}, b.X.Shape())
	assert.Equal(t, []float32{1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0}, tensor.Data[float32](b.X))
	src, err := transform.Source(two, &transform.Pipeline{Ops: []transform.Op{transform.OneHot{Columns: x, Depth: 3}}})
	require.NoError(t, err)
	assert.EqualError(t, new(dataset.Batch).Fill(src, []int{1}), `transform: OneHot: column "x" has 5, want 0 … 2`)
	_, err = transform.Source(two, &transform.Pipeline{Ops: []transform.Op{transform.OneHot{Columns: x}}})
	assert.EqualError(t, err,
		`op 0: transform: OneHot: column "x", int64[2], to a depth of 0: want a Depth of 1 to 16777216 in all`)
}

// Of scikit-learn 1.7:
//
//	y = np.array([[3.5],[1],[2],[9],[4],[4.5],[-2],[7],[7],[0.25]])
//	KBinsDiscretizer(4, encode="ordinal", strategy=s, quantile_method="linear", subsample=None).fit(y)
//	k.bin_edges_[0][1:-1], k.transform(y)
func TestBucketize(t *testing.T) {
	src := vectors("x", 1, 3.5, 1, 2, 9, 4, 4.5, -2, 7, 7, 0.25)
	for _, c := range []struct {
		by         string
		boundaries []float64
		ids        []int64
	}{
		{"uniform", []float64{0.75, 3.5, 6.25}, []int64{2, 1, 1, 3, 2, 2, 0, 3, 3, 0}},
		{"", []float64{1.25, 3.75, 6.375}, []int64{1, 0, 1, 3, 2, 2, 0, 3, 3, 0}},
	} {
		p, err := (&transform.Pipeline{Ops: []transform.Op{transform.Bucketize{Columns: x, Bins: 4, By: c.by}}}).
			Fit(t.Context(), src, nil)
		require.NoError(t, err)
		assert.Equal(t, [][]float64{c.boundaries}, p.Ops[0].(transform.Bucketize).Boundaries)
		b := allOf(t, src, p)
		assert.Equal(t, c.ids, tensor.Data[int64](b.X))
		assert.Equal(t, 4, b.Spec().Columns[0].Classes)
	}
	// np.digitize([nan, 1, 1.5, 0], [1, 1.5]) is [2, 1, 2, 0]
	b := apply(t, vectors("x", 1, nan, 1, 1.5, 0), transform.Bucketize{Columns: x, Boundaries: [][]float64{{1, 1.5}}})
	assert.Equal(t, []int64{2, 1, 2, 0}, tensor.Data[int64](b.X))
	b = fitOne(t, vectors("x", 1, 1, 1, 1, 2.0), transform.Bucketize{Columns: x, Bins: 10}) // most boundaries are one
	assert.Equal(t, []int64{0, 0, 0, 3}, tensor.Data[int64](b.X))
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		by    string
		lower bool
		text  string
		want  []string
	}{
		{"", false, "The cat, 42 cats -- and Müller's e\u0301te\u0301!",
			[]string{"The", "cat", "42", "cats", "and", "Müller's", "e\u0301te\u0301"}},
		{"words", true, "ΌΣΟ don’t 'quoted' a'", []string{"όσο", "don’t", "quoted", "a"}},
		{"words", false, "日本 x\xffy", []string{"日本", "x", "y"}},
		{"words", false, " .. ", nil},
		{"space", true, " A,b\u2003C\n", []string{"a,b", "c"}},
		{"characters", false, "né\xff ", []string{"n", "é", "\xff", " "}},
		{"characters", false, "", nil},
	} {
		b := apply(t, texts("", c.text, "z"), transform.Split{Columns: x, By: c.by, Lower: c.lower})
		want := append(append([]string{}, c.want...), "z")
		assert.Equal(t, want, b.Strings("x"), "%q", c.text)
		n := int64(len(c.want))
		assert.Equal(t, []int64{0, 0, n, n + 1}, b.Lists("x"), "%q", c.text)
	}
}

func TestPad(t *testing.T) {
	src := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice([]int64{1, 2, 3, 4, 5}, 5),
		Offsets: []int64{0, 4, 4, 5}})
	b := apply(t, src, transform.Pad{Columns: x, Length: 3, Value: 9, Mask: "_mask", Lengths: "_length"})
	assert.Equal(t, []int{3, 3}, b.X.Shape())
	assert.Equal(t, []int64{1, 2, 3, 9, 9, 9, 5, 9, 9}, tensor.Data[int64](b.X))
	assert.Equal(t, []float32{1, 1, 1, 0, 0, 0, 1, 0, 0}, tensor.Data[float32](b.Col("x_mask")))
	assert.Equal(t, []int64{3, 0, 1}, tensor.Data[int64](b.Col("x_length")))
	b = apply(t, src, transform.Pad{Columns: x, Length: 3, Left: true, Mask: "_mask"})
	assert.Equal(t, []int64{2, 3, 4, 0, 0, 0, 0, 0, 5}, tensor.Data[int64](b.X))
	assert.Equal(t, []float32{1, 1, 1, 0, 0, 0, 0, 0, 1}, tensor.Data[float32](b.Col("x_mask")))

	pairs := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2),
		Offsets: []int64{0, 2}})
	b = apply(t, pairs, transform.Pad{Columns: x, Length: 3})
	assert.Equal(t, []int{1, 3, 2}, b.X.Shape())
	assert.Equal(t, []float32{1, 2, 3, 4, 0, 0}, tensor.Data[float32](b.X))
}

// The vectors of a batch are as long as its longest list, or the bucket of that, up to Length; those of a window are
// all of Length.
func TestPadToTheLongest(t *testing.T) {
	src := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice([]int64{1, 2, 3, 4, 5, 6, 7, 8}, 8),
		Offsets: []int64{0, 2, 2, 3, 8}})
	for _, c := range []struct {
		op    transform.Pad
		index []int
		width int
		want  []int64
	}{
		{transform.Pad{Longest: true}, []int{0, 1, 2}, 2, []int64{1, 2, 0, 0, 3, 0}},
		{transform.Pad{Longest: true}, []int{1}, 1, []int64{0}},
		{transform.Pad{Longest: true}, []int{3, 2}, 4, []int64{4, 5, 6, 7, 3, 0, 0, 0}},
		{transform.Pad{Longest: true, Left: true}, []int{0, 2}, 2, []int64{1, 2, 0, 3}},
		{transform.Pad{Buckets: []int{1, 3}}, []int{2, 0}, 3, []int64{3, 0, 0, 1, 2, 0}},
		{transform.Pad{Buckets: []int{1, 3}}, []int{2}, 1, []int64{3}},
		{transform.Pad{Buckets: []int{1, 3}}, []int{3}, 4, []int64{4, 5, 6, 7}},
		{transform.Pad{}, []int{2}, 4, []int64{3, 0, 0, 0}},
	} {
		c.op.Columns, c.op.Length, c.op.Mask = x, 4, "_mask"
		staged, err := transform.Source(src, &transform.Pipeline{Ops: []transform.Op{c.op}})
		require.NoError(t, err)
		var b dataset.Batch
		for range 2 { // what is narrow is wide again in the next
			require.NoError(t, b.Fill(staged, c.index))
			assert.Equal(t, []int{len(c.index), c.width}, b.X.Shape())
			assert.Equal(t, c.want, tensor.Data[int64](b.X))
			assert.Equal(t, b.X.Shape(), b.Col("x_mask").Shape())
			require.NoError(t, b.Fill(staged, []int{3, 2}[:len(c.index)/2+len(c.index)%2]))
		}
	}
	elements, offsets := make([]int64, 999), []int64{0} // lists of 0, 1, 2, 0, 1, 2 … elements
	for i := range elements {
		elements[i] = int64(i)
		offsets = append(offsets, offsets[i]+int64(i%3))
	}
	lists := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice(elements, 999), Offsets: offsets})
	staged, err := transform.Source(blocked{lists}, &transform.Pipeline{Ops: []transform.Op{
		transform.Pad{Columns: x, Length: 8, Longest: true}}})
	require.NoError(t, err)
	var whole, some dataset.Batch
	require.NoError(t, whole.Fill(staged, []int{5, 901}))
	assert.Equal(t, []int{2, 2}, whole.X.Shape())
	require.NoError(t, some.Fill(dataset.Subset(staged, []int{5, 901}), []int{0, 1})) // takes samples out of blocks
	assert.Equal(t, []int{2, 8}, some.X.Shape())
	assert.True(t, some.X.Slice(1, 0, 2).Equal(whole.X))
}

// Ops behind Pad, also those that are fitted, see vectors of one length.
func TestPadToTheLongestBeforeOthers(t *testing.T) {
	src := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice([]float64{1, 2, 3, 5}, 4),
		Offsets: []int64{0, 2, 4}})
	p, err := (&transform.Pipeline{Ops: []transform.Op{
		transform.Pad{Columns: x, Length: 3, Longest: true},
		transform.MinMax{Columns: x},
		transform.Bucketize{Columns: x, Bins: 2, By: "uniform"},
	}}).Fit(t.Context(), src, nil)
	require.NoError(t, err)
	assert.Equal(t, [][]float64{{1, 2, 0}}, p.Ops[1].(transform.MinMax).Min)
	b := allOf(t, src, p)
	assert.Equal(t, []int{2, 2}, b.X.Shape()) // a last column of zeros is padding still
	assert.Equal(t, []int64{0, 0, 1, 1}, tensor.Data[int64](b.X))
	p.Ops = append(p.Ops, transform.Filter{Name: "all", Keep: func(*dataset.Batch, int) bool { return true }})
	b = allOf(t, src, p)
	assert.Equal(t, []int{2, 3}, b.X.Shape())
}

// From text to what an embedding takes, fitted in two passes, the second of which sees the words.
func TestTextToNumbers(t *testing.T) {
	src := texts("the cat", "a dog and the cat", "The end")
	p, err := (&transform.Pipeline{Ops: []transform.Op{
		transform.Split{Columns: x, Lower: true},
		transform.Vocabulary{Columns: x, Padding: true, MinCount: 2},
		transform.Pad{Columns: x, Length: 4},
	}}).Fit(t.Context(), src, nil)
	require.NoError(t, err)
	b := allOf(t, src, p)
	assert.Equal(t, []int64{2, 3, 0, 0, 1, 1, 1, 2, 2, 1, 0, 0}, tensor.Data[int64](b.X))
	assert.Equal(t, 4, b.Spec().Columns[0].Classes)
}

func BenchmarkWords(b *testing.B) {
	text := make([]string, 256)
	for i := range text {
		for j := range 20 {
			text[i] += strconv.Itoa(i*j%100) + "abcd "
		}
	}
	p, err := (&transform.Pipeline{Ops: []transform.Op{transform.Split{Columns: x}, transform.Vocabulary{Columns: x},
		transform.Pad{Columns: x, Length: 20}}}).Fit(b.Context(), texts(text...), nil)
	require.NoError(b, err)
	src, err := transform.Source(texts(text...), p)
	require.NoError(b, err)
	index := make([]int, len(text))
	for i := range index {
		index[i] = i
	}
	var batch dataset.Batch
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, batch.Fill(src, index))
	}
	b.ReportMetric(float64(b.N*len(index)*20)/b.Elapsed().Seconds()/1e6, "Mwords/s")
}
