package prometheus_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The grammar of the text format, version 0.0.4, as the page of its source has it: a line is a comment or a sample;
// HELP and TYPE come before the samples of their family, once; all lines of a family stand together; a series is there
// once. Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
var (
	helpLine   = regexp.MustCompile(`^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\n]|\\\\|\\n)*)$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$`)
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$`)
	labelPart  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)`)
)

// parse checks text and gives its samples: `name{labels}` as they stand there, and values.
func parse(t *testing.T, text string) map[string]float64 {
	t.Helper()
	require.True(t, text == "" || strings.HasSuffix(text, "\n"), "the last line has its end")
	samples, done := map[string]float64{}, map[string]bool{}
	var help, family, kind string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := helpLine.FindStringSubmatch(line); m != nil {
			require.False(t, done[m[1]], "family %s is there twice", m[1])
			done[m[1]], help = true, m[1]
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			require.Equal(t, help, m[1], "TYPE follows HELP")
			family, kind = m[1], m[2]
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		require.NotNil(t, m, "line %q", line)
		suffix, ok := strings.CutPrefix(m[1], family)
		require.True(t, ok, "%s stands in the family %s", m[1], family)
		if kind == "histogram" {
			require.Contains(t, []string{"_bucket", "_sum", "_count"}, suffix)
		} else {
			require.Empty(t, suffix)
		}
		require.True(t, kind != "counter" || strings.HasSuffix(family, "_total"),
			"a counter's name ends in _total: %s", family)
		seen := map[string]bool{}
		for rest := m[2]; rest != ""; {
			label := labelPart.FindStringSubmatch(rest)
			require.NotNil(t, label, "labels %q", m[2])
			require.False(t, seen[label[1]], "label %s is there twice", label[1])
			seen[label[1]], rest = true, rest[len(label[0]):]
		}
		require.Equal(t, suffix == "_bucket", seen["le"])
		value, err := strconv.ParseFloat(m[3], 64)
		require.NoError(t, err)
		key := line[:len(line)-len(m[3])-1]
		require.NotContains(t, samples, key, "a series is there once")
		samples[key] = value
	}
	checkHistograms(t, samples)
	return samples
}

// checkHistograms sees to it that buckets add up, and that the last is the count.
func checkHistograms(t *testing.T, samples map[string]float64) {
	t.Helper()
	for key, v := range samples {
		before, rest, found := strings.Cut(key, `le="+Inf"`)
		if !found {
			continue
		}
		labels := strings.TrimSuffix(strings.Split(before, "{")[1], ",")
		name := strings.TrimSuffix(strings.Split(before, "{")[0], "_bucket")
		require.Equal(t, "}", rest)
		if labels != "" {
			labels = "{" + labels + "}"
		}
		require.Equal(t, v, samples[name+"_count"+labels], "%s", key)
		for other, w := range samples {
			if strings.HasPrefix(other, before) {
				require.LessOrEqual(t, w, v, "%s", other)
			}
		}
	}
}

// same compares values, NaN with NaN too.
func same(t *testing.T, want, got float64, key string) {
	t.Helper()
	require.True(t, want == got || math.IsNaN(want) && math.IsNaN(got), "%s is %v, want %v", key, got, want)
}
