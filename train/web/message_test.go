package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
)

// reader is what the page's script keeps, and does with a message.
type reader struct {
	tables map[string]map[string][]any
	parts  map[string]any // run, ranks, notes
}

func newReader() *reader {
	return &reader{map[string]map[string][]any{"steps": {}, "epochs": {}, "evaluations": {}}, map[string]any{}}
}

func (r *reader) apply(t *testing.T, m *message) {
	text, err := json.Marshal(m)
	require.NoError(t, err)
	var parts map[string]any
	require.NoError(t, json.Unmarshal(text, &parts))
	for name, part := range parts {
		table, ok := r.tables[name]
		if !ok {
			r.parts[name] = part
			continue
		}
		from, columns := int(part.(map[string]any)["from"].(float64)), part.(map[string]any)["columns"].(map[string]any)
		for key := range table {
			if _, ok := columns[key]; !ok && from == 0 {
				delete(table, key)
				continue
			}
			table[key] = table[key][:min(len(table[key]), from)]
		}
		for key, values := range columns {
			for len(table[key]) < from {
				table[key] = append(table[key], nil)
			}
			table[key] = append(table[key], values.([]any)...)
		}
	}
	delete(r.parts, "now") // has a clock in it
}

// TestFollowing has readers that look at random moments of random runs, steps taken again and new runs among them: what
// they put together from what changed is what a new reader is told.
func TestFollowing(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(7, seed))
		s, at, follower := newState(), nothing(), newReader()
		global, epoch := 0, 0
		for range 150 {
			switch k := rng.IntN(20); {
			case k < 12:
				for range rng.IntN(60) {
					global++
					e := summary.Step{Global: global, Loss: rng.Float64(), Samples: 1, Elapsed: 1}
					if rng.IntN(300) == 0 {
						e.Values = []summary.Value{{Name: fmt.Sprint("v", rng.IntN(12)), Value: 1}}
					}
					s.step(&e)
				}
			case k < 14:
				for range rng.IntN(100) {
					epoch++
					s.epoch(summary.Epoch{Epoch: epoch, Global: global,
						Test: []summary.Value{{Name: fmt.Sprint("m", rng.IntN(3)), Value: 2}}})
				}
			case k == 14:
				s.evaluation(summary.Evaluation{Global: global, Test: []summary.Value{{Name: "loss", Value: math.NaN()}}})
			case k == 15:
				s.warn(summary.Warning{Text: "w", Err: errors.New("e"), Global: global})
			case k == 16:
				s.setRanks(make([]summary.Rank, rng.IntN(4)))
			case k == 17:
				global = max(0, global-rng.IntN(50))
			case k == 18 && rng.IntN(8) == 0:
				resumed := rng.IntN(2) == 0
				if !resumed {
					global, epoch = 0, 0
				}
				s.start(summary.Run{Model: "m", Resumed: resumed, Global: global})
			}
			if rng.IntN(5) == 0 {
				if m := s.since(&at); m != nil {
					follower.apply(t, m)
				}
			}
		}
		if m := s.since(&at); m != nil {
			follower.apply(t, m)
		}
		require.Nil(t, s.since(&at), "nothing changed")
		fresh := newReader()
		fresh.apply(t, s.whole(false))
		require.Equal(t, fresh, follower, "seed %d", seed)
	}
}

// TestState goes through what a run does, and what is told of it.
func TestState(t *testing.T) {
	s := newState()
	state := func() string { return s.whole(true).Now.State }
	require.Equal(t, "waiting", state())
	s.start(summary.Run{Model: "net", Config: []summary.Field{{Name: "LR", Value: "0.1"}}, Time: time.UnixMilli(5)})
	require.Equal(t, "running", state())
	s.step(&summary.Step{Epoch: 1, Step: 2, Global: 2, Loss: 0.5, Rate: 0.1, Samples: 100, Elapsed: 2 * time.Second})
	s.checkpoint(summary.Checkpoint{Path: "a", Global: 2})
	s.checkpoint(summary.Checkpoint{Path: "b", Global: 3, Err: errors.New("disk full")})
	m := s.whole(true)
	require.Nil(t, m.Steps)
	require.Equal(t, [][2]string{{"LR", "0.1"}}, m.Run.Config)
	require.EqualValues(t, 5, m.Run.Started)
	m.Now.Clock = 0
	require.Equal(t, &nowJSON{State: "running", Epoch: 1, Step: 2, Global: 2, Loss: 0.5, Rate: 0.1, Pace: 50, Elapsed: 2,
		Checkpoints: 1, Checkpointed: 2}, m.Now)
	require.Equal(t, []noteJSON{{3, 0, "checkpoint b: disk full"}}, *m.Notes)
	for i := range 30 {
		s.warn(summary.Warning{Text: fmt.Sprint("warning ", i)})
	}
	notes := *s.whole(true).Notes
	require.Len(t, notes, notesKept)
	require.Equal(t, "warning 29", notes[notesKept-1].Text)

	s.setRanks([]summary.Rank{{Rank: 3, Host: "h", Samples: 50, Elapsed: 2 * time.Second,
		Phases: summary.Phases{Sync: time.Second}, Err: errors.New("gone")}})
	lost := rankJSON{Rank: 3, Host: "h", Pace: 25, Phases: [5]number{3: 0.5}, Error: "gone"}
	require.Equal(t, &ranksJSON{1, []rankJSON{lost}}, s.whole(true).Ranks)
	s.setRanks(make([]summary.Rank, 1000))
	require.Equal(t, 1000, s.whole(true).Ranks.Total)
	require.Len(t, s.whole(true).Ranks.List, ranksKept)

	s.end(summary.End{Outcome: summary.Failed, Err: errors.New("no luck")})
	s.close()
	require.Equal(t, "failed", state())
	require.Equal(t, "no luck", s.whole(true).Now.Error)
	s.start(summary.Run{Model: "second"})
	require.Empty(t, *s.whole(true).Notes)
	s.close()
	require.Equal(t, "interrupted", state())
}

// TestResumedRun keeps the curves of the steps before the one that it goes on from, and drops those behind.
func TestResumedRun(t *testing.T) {
	s := newState()
	s.start(summary.Run{})
	for g := 1; g <= 10; g++ {
		s.step(&summary.Step{Global: g})
		s.epoch(summary.Epoch{Epoch: g, Global: g})
	}
	s.start(summary.Run{Resumed: true, Global: 7})
	m := s.whole(false)
	require.Equal(t, column{1, 2, 3, 4, 5, 6, 7}, m.Steps.Columns["global"])
	require.Equal(t, column{1, 2, 3, 4, 5, 6, 7}, m.Epochs.Columns["epoch"])
	s.start(summary.Run{})
	require.Empty(t, s.whole(false).Steps.Columns["global"])
}

// TestNumbers are JSON whatever they are: six digits, whole numbers to the last one.
func TestNumbers(t *testing.T) {
	text, err := json.Marshal(column{0, -1, 123456789012, 0.1, 1.0 / 3, 1e-300, -2.5e200, math.NaN(), math.Inf(-1)})
	require.NoError(t, err)
	require.Equal(t, `[0,-1,123456789012,0.1,0.333333,1e-300,-2.5e+200,null,null]`, string(text))
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 5, ""}, {"abcde", 5, "abcde"}, {"abcdef", 5, "ab…"},
		{"äöüäöü", 8, "äö…"}, {"äöüäöü", 7, "äö…"}, {"äöüäöü", 6, "ä…"},
	} {
		got := clip(c.s, c.n)
		require.Equal(t, c.want, got, "clip(%q, %d)", c.s, c.n)
		require.LessOrEqual(t, len(got), c.n)
		require.True(t, utf8.ValidString(got))
	}
	long := strings.Repeat("x", 10*textBytes)
	s := newState()
	s.start(summary.Run{Model: long, Config: []summary.Field{{Name: long, Value: long}}})
	s.end(summary.End{Err: errors.New(long)})
	m := s.whole(true)
	for _, text := range []string{m.Run.Model, m.Run.Config[0][0], m.Run.Config[0][1], m.Now.Error} {
		require.LessOrEqual(t, len(text), textBytes)
	}
}
