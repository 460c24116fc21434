package summary_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
)

// TestMean: by hand. Loss (32·1 + 16·4)/48 = 2; "norm" of both steps (32·3 + 16·6)/48 = 4; "lost" of the second alone.
func TestMean(t *testing.T) {
	m := summary.NewMean(2)
	_, n := m.Add(summary.Step{Global: 5, Samples: 32, Loss: 1, Rate: 0.1, Elapsed: 2 * time.Second,
		Phases: summary.Phases{Data: 1, Update: 2}, Values: []summary.Value{{Name: "norm", Value: 3}}})
	require.Zero(t, n)
	got, n := m.Add(summary.Step{Epoch: 1, Step: 6, Global: 6, Samples: 16, Loss: 4, Rate: 0.2, Elapsed: time.Second,
		Phases: summary.Phases{Data: 10}, Values: []summary.Value{{Name: "lost", Value: 7}, {Name: "norm", Value: 6}}})
	require.Equal(t, 2, n)
	require.Equal(t, summary.Step{Epoch: 1, Step: 6, Global: 6, Samples: 48, Loss: 2, Rate: 0.2, Elapsed: 3 * time.Second,
		Phases: summary.Phases{Data: 11, Update: 2},
		Values: []summary.Value{{Name: "norm", Value: 4}, {Name: "lost", Value: 7}}}, got)

	_, n = m.Rest()
	require.Zero(t, n, "nothing is left")
	_, n = m.Add(summary.Step{Global: 7, Samples: 8, Loss: 3})
	require.Zero(t, n)
	got, n = m.Rest()
	require.Equal(t, 1, n)
	require.Equal(t, 3.0, got.Loss)
	require.Empty(t, got.Values, "no value of a point before")

	got, n = summary.NewMean(0).Add(summary.Step{Loss: 3})
	require.Equal(t, 1, n)
	require.Equal(t, 3.0, got.Loss, "a step without samples counts")
}

func TestMeanAllocatesNothing(t *testing.T) {
	m := summary.NewMean(3)
	s := summary.Step{Samples: 4, Loss: 1, Values: []summary.Value{{Name: "norm", Value: 3}}}
	for range 3 {
		m.Add(s)
	}
	require.Zero(t, testing.AllocsPerRun(30, func() { m.Add(s) }))
}
