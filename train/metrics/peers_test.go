package metrics_test

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

// number is a float64 that may be NaN, which JSON has not.
type number float64

func (n *number) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	*n = number(v)
	return err
}

type array struct {
	DType string
	Shape []int
	Data  []number
}

func (a array) tensor() *tensor.Tensor {
	t := tensor.New(tensor.Float64, a.Shape...)
	for i, v := range a.Data {
		tensor.Data[float64](t)[i] = float64(v)
	}
	return t.Cast(map[string]tensor.DType{"float32": tensor.Float32, "float64": tensor.Float64,
		"int64": tensor.Int64}[a.DType])
}

// peerCase is what others say of an output and a target.
type peerCase struct {
	Metric, Name   string
	Output, Target int // in the list of arrays
	Value          number
	Parts          map[string]number
	output, target *tensor.Tensor
}

func peers(t testing.TB) []peerCase {
	text, err := os.ReadFile("testdata/metrics.json")
	require.NoError(t, err)
	var file struct {
		Arrays []array
		Cases  []peerCase
	}
	require.NoError(t, json.Unmarshal(text, &file))
	require.NotEmpty(t, file.Cases)
	for i := range file.Cases {
		c := &file.Cases[i]
		c.output, c.target = file.Arrays[c.Output].tensor(), file.Arrays[c.Target].tensor()
	}
	return file.Cases
}

// TestPeers compares every metric with scikit-learn, nltk and the formulas of VOC's and COCO's kits
// (testdata/metrics.py). Values are sums of some hundred terms in float64 at most, each off by a few units in the
// last place: 1e-13 of them. Three are known less well: see the switch.
func TestPeers(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range peers(t) {
		t.Run(strings.ReplaceAll(c.Metric+"/"+c.Name, "/", " "), func(t *testing.T) {
			m, err := metrics.ByName(c.Metric)
			require.NoError(t, err)
			seen[m.Name()] = true
			tolerance := 1e-13
			switch {
			case c.Name == "drawn":
				tolerance = 5 * 0.5 / math.Sqrt(4000*12) // five deviations of a mean over 12 queries of 4000 orders
			case c.Name == "far from 0":
				tolerance = 1e-9 // scikit-learn's mean of targets near 1e9 is off by 1e-7 of their deviation
			case c.Metric == "log-loss:probabilities":
				tolerance = 1e-6 // of float32 scikit-learn sums in float32
			}
			acc := m.New()
			require.NoError(t, acc.Add(c.output, c.target))
			v := acc.Value()
			near(t, "the value", v.Scalar, float64(c.Value), tolerance)
			if len(c.Parts) == 0 {
				return
			}
			require.Len(t, v.Parts, len(c.Parts))
			for _, p := range v.Parts {
				want, ok := c.Parts[p.Name]
				require.True(t, ok, "a part %q", p.Name)
				near(t, p.Name, p.Value, float64(want), tolerance)
			}
		})
	}
	for _, m := range metrics.All {
		if !seen[m.Name()] && !strings.HasSuffix(m.Name(), "-positive") && m.Name() != "top5" && m.Name() != "hr@10" {
			t.Errorf("no peer was asked about %s", m.Name())
		}
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if got == want || got != got && want != want {
		return
	}
	if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v within %v", what, got, want, tolerance)
	}
}
