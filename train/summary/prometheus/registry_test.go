package prometheus_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary/prometheus"
)

func text(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	var b strings.Builder
	_, err := r.WriteTo(&b)
	require.NoError(t, err)
	return b.String()
}

// TestText: the format's own example of a histogram's form, and escapes: in help \ and line ends, in labels " too.
func TestText(t *testing.T) {
	r := &prometheus.Registry{}
	r.Gauge("b", "a \\ and\na line \"end\"").Set(math.NaN())
	c := r.Counter("a_total", "Counts.", "path", "C:\\\"x\"\ny", "code", "200")
	c.Add(2)
	c.Add(0.5)
	require.Same(t, c, r.Counter("a_total", "Counts.", "code", "200", "path", "C:\\\"x\"\ny"), "labels in another order")
	r.Counter("a_total", "Counts.").Add(1e6)
	h := r.Histogram("h_seconds", "Time.", []float64{0.1, 1}, "phase", "data")
	for _, v := range []float64{0.1, 0.5, 1, 7} {
		h.Observe(v)
	}
	r.Gauge("c", "", "bad", "\xff").Set(math.Inf(-1))
	r.Gauge("d", "").Set(math.Inf(1))
	got := text(t, r)
	require.Equal(t, `# HELP a_total Counts.
# TYPE a_total counter
a_total 1e+06
a_total{code="200",path="C:\\\"x\"\ny"} 2.5
# HELP b a \\ and\na line "end"
# TYPE b gauge
b NaN
# HELP c `+`
# TYPE c gauge
c{bad="�"} -Inf
# HELP d `+`
# TYPE d gauge
d +Inf
# HELP h_seconds Time.
# TYPE h_seconds histogram
h_seconds_bucket{phase="data",le="0.1"} 1
h_seconds_bucket{phase="data",le="1"} 3
h_seconds_bucket{phase="data",le="+Inf"} 4
h_seconds_sum{phase="data"} 8.6
h_seconds_count{phase="data"} 4
`, got)
	samples := parse(t, got)
	same(t, math.NaN(), samples["b"], "b")
	require.Empty(t, text(t, &prometheus.Registry{}))
}

func TestMisusePanics(t *testing.T) {
	for _, c := range []struct {
		want string
		do   func(r *prometheus.Registry)
	}{
		{`the metric's name is "a-b"`, func(r *prometheus.Registry) { r.Gauge("a-b", "") }},
		{`the metric's name is ""`, func(r *prometheus.Registry) { r.Gauge("", "") }},
		{`a label named "a:b"`, func(r *prometheus.Registry) { r.Gauge("a", "", "a:b", "") }},
		{`a label named "__x"`, func(r *prometheus.Registry) { r.Gauge("a", "", "__x", "") }},
		{`a label named "le"`, func(r *prometheus.Registry) { r.Gauge("a", "", "le", "1") }},
		{`one label twice: ["x" "1" "x" "2"]`, func(r *prometheus.Registry) { r.Gauge("a", "", "x", "1", "x", "2") }},
		{`the labels ["x"]`, func(r *prometheus.Registry) { r.Gauge("a", "", "x") }},
		{"a is a gauge, asked for is a counter", func(r *prometheus.Registry) { r.Gauge("a", ""); r.Counter("a", "") }},
		{"Counter.Add: -1, want at least 0", func(r *prometheus.Registry) { r.Counter("a", "").Add(-1) }},
		{"Counter.Add: NaN", func(r *prometheus.Registry) { r.Counter("a", "").Add(math.NaN()) }},
		{"the limits [1 1], want rising", func(r *prometheus.Registry) { r.Histogram("a", "", []float64{1, 1}) }},
	} {
		func() {
			defer func() { require.Contains(t, recover(), c.want) }()
			c.do(&prometheus.Registry{})
		}()
	}
}

func TestHandler(t *testing.T) {
	r := &prometheus.Registry{}
	r.Gauge("a", "").Set(1)
	for _, c := range []struct {
		method string
		code   int
		body   bool
	}{{"GET", 200, true}, {"HEAD", 200, false}, {"POST", 405, true}, {"DELETE", 405, true}} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(c.method, "/metrics", nil))
		require.Equal(t, c.code, w.Code, c.method)
		require.Equal(t, c.body, w.Body.Len() > 0, c.method)
		if c.code == http.StatusOK {
			require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", w.Header().Get("Content-Type"))
		} else {
			require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
		}
	}
}

// TestRegistryIsSafe runs under -race: metrics are made, changed and read at the same time, and no sum is lost.
func TestRegistryIsSafe(t *testing.T) {
	r := &prometheus.Registry{}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 100 {
				r.Counter("a_total", "").Add(1)
				r.Histogram("h", "", []float64{1}).Observe(float64(i))
				r.Gauge("g", "", "i", string(rune('a'+i))).Set(1)
				_, _ = r.WriteTo(&strings.Builder{})
			}
		})
	}
	wg.Wait()
	samples := parse(t, text(t, r))
	require.Equal(t, 400.0, samples["a_total"])
	require.Equal(t, 200.0, samples[`h_bucket{le="1"}`])
	require.Equal(t, 600.0, samples["h_sum"])
}
