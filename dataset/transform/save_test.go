package transform_test

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/transform"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

var double = transform.Map{Name: "double", Func: func(b *dataset.Batch) error {
	for i, v := range tensor.Data[float64](b.Col("y")) {
		tensor.Data[float64](b.Col("y"))[i] = 2 * v
	}
	return nil
}}

// everyOp is a pipeline over mixed in which each op is.
func everyOp() *transform.Pipeline {
	return &transform.Pipeline{Seed: 1<<63 + 5, Ops: []transform.Op{
		transform.Filter{Name: "not far", Keep: func(b *dataset.Batch, i int) bool {
			return tensor.Data[float64](b.Col("y"))[i] < 4
		}},
		transform.Impute{Columns: []string{"x"}},
		transform.Standardize{Columns: []string{"x"}},
		transform.MinMax{Columns: []string{"y"}, Hi: 3},
		double,
		transform.Log1p{Columns: []string{"y"}},
		transform.Clip{Columns: []string{"y"}, Max: new(1.1)},
		transform.Noise{Columns: []string{"y"}, Std: 0.1},
		transform.Cross{Columns: []string{"word", "label"}, As: "crossed", Buckets: 50, Salt: 1<<63 + 7},
		transform.Drop{Columns: []string{"crossed"}},
		transform.Rename{From: "word", To: "letters"},
		transform.Split{Columns: []string{"letters"}, By: "characters"},
		transform.Hash{Columns: []string{"letters"}, Buckets: 7},
		transform.Pad{Columns: []string{"letters"}, Length: 2},
		transform.OneHot{Columns: []string{"letters"}, Depth: 7},
		transform.Cast{Columns: []string{"y"}, To: "float32"},
		transform.Bucketize{Columns: []string{"y"}, Bins: 3},
		transform.OneHot{Columns: []string{"y"}},
		transform.Vocabulary{Columns: []string{"label"}, Unknown: -1},
		transform.Concat{Columns: []string{"x", "y", "letters"}, As: "all"},
	}}
}

// What a JSON holds gives the same bits, also of tokens that JSON would escape.
func TestJSONKeepsEveryOp(t *testing.T) {
	src := mixed(1500)
	p, err := everyOp().Fit(t.Context(), src, nil)
	require.NoError(t, err)
	text, err := json.Marshal(p)
	require.NoError(t, err)
	q, err := transform.FromMeta(map[string]string{transform.MetaKey: string(text)}, double)
	require.NoError(t, err)
	assert.Equal(t, p.Seed, q.Seed)
	assert.Equal(t, "label", q.Target)
	again, err := json.Marshal(q)
	require.NoError(t, err)
	assert.Equal(t, string(text), string(again))
	var a, b dataset.Batch
	for i, batch := range []*dataset.Batch{&a, &b} {
		require.NoError(t, batch.Fill(src, []int{3, 1499}))
		require.NoError(t, []*transform.Pipeline{p, q}[i].Transform(batch))
	}
	assert.Equal(t, []int{2, 4 + 3 + 14}, a.X.Shape())
	assert.True(t, a.X.Equal(b.X))

	words := &transform.Pipeline{Ops: []transform.Op{transform.Vocabulary{Columns: x,
		Tokens: []string{"", "\x00\"<&>\u2028", "日本\U0001f600"}}}}
	text, err = json.Marshal(words)
	require.NoError(t, err)
	q = new(transform.Pipeline)
	require.NoError(t, json.Unmarshal(text, q))
	assert.Equal(t, words.Ops, q.Ops)
}

func TestSaveRefuses(t *testing.T) {
	for _, c := range []struct {
		op   transform.Op
		want string
	}{
		{transform.Standardize{Columns: x}, "transform: op 0, standardize, is not fitted"},
		{transform.Clip{Columns: x, Min: &nan}, "transform: op 0, clip: json: unsupported value: NaN"},
		{own{}, "transform: op 0 is a transform_test.own, which cannot be saved: a Map can, by its name"},
		{transform.Vocabulary{Columns: x, Tokens: []string{"\xff"}},
			`transform: op 0: token "\xff" is no UTF-8 and cannot be saved`},
	} {
		_, err := (&transform.Pipeline{Ops: []transform.Op{c.op}}).MarshalJSON()
		assert.EqualError(t, err, c.want)
	}
}

type own struct{ transform.Op }

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"version":2,"ops":[{"op":"later"}],"more":1}`, "it is of version 2, this program reads up to 1"},
		{`{"ops":[]}`, "version 0"},
		{`{"version":1,"ops":[{"op":"tokenize","with":{}}]}`, `op 0: no op "tokenize", there are bucketize, cast, clip`},
		{`{"version":1,"ops":[{"op":"clip","with":{"columns":["x"],"mode":3}}]}`, `op 0: clip: json: unknown field "mode"`},
		{`{"version":1,"ops":[{"op":"clip"}]}`, "op 0: clip: unexpected EOF"},
		{`{"version":1,"ops":[{"op":"pad","with":{"length":"3"}}]}`, "op 0: pad: json: cannot unmarshal string"},
		{`{"version":1,"ops":[]} []`, "more text behind it"},
		{`{"version":1,"ops":[`, "unexpected"},
	} {
		_, err := transform.FromMeta(map[string]string{transform.MetaKey: c.text})
		assert.ErrorIs(t, err, transform.ErrFormat, c.text)
		assert.ErrorContains(t, err, c.want)
	}
	p, err := transform.FromMeta(nil)
	require.NoError(t, err)
	assert.Empty(t, p.Ops)
	_, err = transform.FromMeta(map[string]string{
		transform.MetaKey: `{"version":1,"ops":[{"op":"map","with":{"name":"double"}}]}`})
	assert.EqualError(t, err, `transform: op 0 is Map "double", whose function is not given`)
}

// A model that was trained on what a pipeline makes predicts the same from its file, of rows as they lie.
func TestPredictionAppliesWhatTrainingDid(t *testing.T) {
	const n = 600
	rng := rand.New(rand.NewPCG(5, 6))
	income, city, class := make([]float64, n), make([]string, n), make([]string, n)
	for i := range income {
		income[i], city[i], class[i] = 1e4*rng.ExpFloat64(), []string{"oslo", "rome", "bern"}[rng.IntN(3)], "no"
		if income[i] > 8000 != (city[i] == "rome") {
			class[i] = "yes"
		}
	}
	rows := dataset.FromColumns("class", dataset.Values{Name: "income", Tensor: tensor.FromSlice(income, n)},
		dataset.Values{Name: "city", Text: city}, dataset.Values{Name: "class", Text: class})
	p, err := (&transform.Pipeline{Ops: []transform.Op{
		transform.Log1p{Columns: []string{"income"}},
		transform.Standardize{Columns: []string{"income"}},
		transform.Cast{Columns: []string{"income"}, To: "float32"},
		transform.Vocabulary{Columns: []string{"city"}},
		transform.OneHot{Columns: []string{"city"}},
		transform.Vocabulary{Columns: []string{"class"}, Unknown: -1, Sorted: true},
		transform.Concat{Columns: []string{"income", "city"}, As: "x"},
	}}).Fit(t.Context(), rows, nil)
	require.NoError(t, err)
	src, err := transform.Source(rows, p)
	require.NoError(t, err)
	assert.Equal(t, []string{"no", "yes"}, src.Spec().Columns[1].ClassNames)
	build := func(seed uint64) layers.Sequential {
		rng := rand.New(rand.NewPCG(seed, 0))
		return layers.Sequential{layers.NewLinear(rng, 5, 16), &layers.Tanh{}, layers.NewLinear(rng, 16, 2)}
	}
	net := build(1)
	report, err := train.Run(t.Context(), train.Config{Model: net, Loss: layers.CrossEntropy{}, Train: src, Test: src,
		Optimizer: optim.Adam{LR: 0.02}, Epochs: 12, BatchSize: 50})
	require.NoError(t, err)
	assert.Greater(t, report.Epochs[len(report.Epochs)-1].Test.Accuracy(), 0.9)

	path := filepath.Join(t.TempDir(), "net.safetensors")
	require.NoError(t, transform.Save(path, net, p, map[string]string{"made": "here"}))
	loaded := build(2)
	q, meta, err := transform.Load(path, loaded)
	require.NoError(t, err)
	assert.Equal(t, "here", meta["made"])

	var want, got dataset.Batch
	require.NoError(t, want.Fill(src, []int{17, 3, 599}))
	requests, err := transform.Source(rows, &transform.Pipeline{Ops: []transform.Op{
		transform.Drop{Columns: []string{"class"}}}})
	require.NoError(t, err)
	require.NoError(t, got.Fill(requests, []int{17, 3, 599})) // rows without a class
	require.NoError(t, q.Transform(&got))
	assert.True(t, forward(net, want.X).Equal(forward(loaded, got.X)))

	_, err = layers.Load(path, build(3)) // a file with a pipeline is a model file
	assert.NoError(t, err)
}

func forward(model layers.Layer, x *tensor.Tensor) *tensor.Tensor {
	tape := autograd.NewTape(autograd.Infer, nil)
	return model.Forward(tape, tape.Const(x)).Value().Clone()
}

// FuzzParse reads what a stranger's file may hold: it fails, or gives a pipeline that can be bound and written again.
func FuzzParse(f *testing.F) {
	p, err := everyOp().Fit(f.Context(), mixed(200), nil)
	require.NoError(f, err)
	text, err := json.Marshal(p)
	require.NoError(f, err)
	f.Add(string(text))
	f.Add(`{"version":1,"ops":[{"op":"pad","with":{"columns":["x"],"length":1000000000000}}]}`)
	f.Add(`{"version":1,"ops":[{"op":"standardize","with":{"columns":["x","y"],"mean":[[]],"std":[[1],[1e999]]}}]}`)
	for _, op := range strings.SplitAfter(string(text), `}},`) {
		op = strings.TrimSuffix(strings.TrimPrefix(op[strings.Index(op, `{"op"`):], ","), ",")
		f.Add(`{"version":1,"ops":[` + strings.TrimSuffix(op, "]}") + `]}`)
	}
	spec := mixed(1).Spec()
	var b dataset.Batch
	f.Fuzz(func(t *testing.T, text string) {
		p, err := transform.FromMeta(map[string]string{transform.MetaKey: text}, double)
		if err != nil {
			return
		}
		if out, err := p.Spec(spec); err == nil && out.RowBytes() < 1<<16 {
			require.NoError(t, b.Fill(mixed(2), []int{0, 1}))
			if p.Transform(&b) == nil {
				require.Equal(t, 2, b.N)
			}
		}
		if text, err := json.Marshal(p); err == nil {
			q := new(transform.Pipeline)
			require.NoError(t, json.Unmarshal(text, q))
			again, err := json.Marshal(q)
			require.NoError(t, err)
			require.Equal(t, string(text), string(again))
		}
	})
}
