package history_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/history"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 250_000_000, time.UTC)

// open gives a Sink on the file path.
func open(t *testing.T, path string, o history.Options) *history.Sink {
	t.Helper()
	s, err := history.Open(path, o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// all is one of each event, with every field that a history keeps.
var all = &history.Run{
	Run: summary.Run{Model: "lenet5 \"α\"", Params: 61706, Train: 100, Test: 10, Epochs: 2, Steps: 4, BatchSize: 32,
		Rank: 1, Ranks: 2, Partitions: 8, Epoch: 1, Step: 2, Elapsed: 3 * time.Second, Time: noon, Host: "a", Process: 5,
		Config: []summary.Field{{Name: "Sync", Value: "ring"}, {Name: "Optimizer.LR", Value: "0.1"}}},
	Steps: []summary.Step{{Epoch: 1, Step: 3, Global: 3, Samples: 32, Loss: 0.1, Rate: 1e-7,
		Values:  []summary.Value{{Name: "z", Value: 1}, {Name: "a", Value: math.Inf(-1)}},
		Elapsed: 8 * time.Millisecond, Time: noon,
		Phases: summary.Phases{Data: 1, Forward: 2 * time.Microsecond, Backward: 3 * time.Second, Sync: 4, Update: 5}}},
	Evaluations: []summary.Evaluation{{Epoch: 1, Step: 3, Global: 3, Test: []summary.Value{{Name: "auc", Value: 0.5}},
		Elapsed: 9, Time: noon}},
	Epochs: []summary.Epoch{{Epoch: 1, Global: 4, Samples: 100, Train: []summary.Value{{Name: "loss", Value: 1e300}},
		Test: []summary.Value{{Name: "loss", Value: -0.25}, {Name: "accuracy", Value: math.Inf(1)}}, Elapsed: 7, Time: noon}},
	Checkpoints: []summary.Checkpoint{{Path: `C:\a`, Epoch: 1, Step: 4, Global: 4, Bytes: 1 << 40, Best: true, Elapsed: 6,
		Err: errors.New("full\ndisk"), Time: noon}},
	Warnings: []summary.Warning{{Text: "slow", Err: errors.New("rank 1"), Global: 5, Time: noon}},
	End:      &summary.End{Outcome: summary.Failed, Err: errors.New("boom"), Global: 5, Elapsed: 5, Time: noon},
}

// play gives the events of r to s.
func play(t *testing.T, s summary.Sink, r *history.Run) {
	t.Helper()
	require.NoError(t, s.Start(r.Run))
	for _, e := range r.Steps {
		require.NoError(t, s.Step(e))
	}
	for _, e := range r.Evaluations {
		require.NoError(t, s.Evaluation(e))
	}
	for _, e := range r.Epochs {
		require.NoError(t, s.Epoch(e))
	}
	for _, e := range r.Checkpoints {
		require.NoError(t, s.Checkpoint(e))
	}
	for _, e := range r.Warnings {
		require.NoError(t, s.Warn(e))
	}
	if r.End != nil {
		require.NoError(t, s.End(*r.End))
	}
}

// TestReadGivesWhatWasWritten: to the bit and the nanosecond, names in their order.
func TestReadGivesWhatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.jsonl")
	play(t, open(t, path, history.Options{}), all)
	runs, err := history.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, []*history.Run{all}, runs)

	for o := summary.Finished; o <= summary.Failed; o++ {
		s := open(t, path, history.Options{})
		play(t, s, &history.Run{Run: summary.Run{Time: noon}, End: &summary.End{Outcome: o}})
		runs, err := history.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, o, runs[len(runs)-1].End.Outcome, "of the last of %d runs", len(runs))
	}
}

// TestLines: the form that doc.go promises.
func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.jsonl")
	s := open(t, path, history.Options{})
	require.NoError(t, s.Start(summary.Run{Model: "mlp", Time: noon}))
	require.NoError(t, s.Step(summary.Step{Epoch: 1, Step: 1, Global: 1, Samples: 32, Loss: math.NaN(), Rate: 0.1,
		Values: []summary.Value{{Name: "norm", Value: 2.5}}, Phases: summary.Phases{Data: time.Millisecond},
		Elapsed: time.Second, Time: noon}))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, `{"event":"run","time":"2026-01-31T12:00:00.25Z","model":"mlp"}
{"event":"step","time":"2026-01-31T12:00:00.25Z","epoch":1,"step":1,"global":1,"samples":32,"loss":"NaN","lr":0.1,`+
		`"metrics":{"norm":2.5},"phases":{"data":0.001,"forward":0,"backward":0,"sync":0,"update":0},"seconds":1}
`, string(text), "each line is there when its method returns")
}

// steps gives n steps from global on.
func steps(global, n int, loss float64) (all []summary.Step) {
	for i := range n {
		all = append(all, summary.Step{Global: global + i, Loss: loss, Time: noon})
	}
	return all
}

// globals gives the numbers and losses of the steps.
func globals(r *history.Run) (all []string) {
	for _, s := range r.Steps {
		all = append(all, fmt.Sprint(s.Global, ":", s.Loss))
	}
	return all
}

// TestResumedRunCutsWhatLiesBeyond: killed at step 5 after the checkpoint of step 3, with a torn line, and resumed,
// twice.
func TestResumedRunCutsWhatLiesBeyond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.jsonl")
	s := open(t, path, history.Options{})
	other := &history.Run{Run: summary.Run{Time: noon}, Steps: steps(1, 9, 0), End: &summary.End{Global: 9}}
	play(t, s, other)
	play(t, s, &history.Run{Run: summary.Run{Time: noon}, Steps: steps(1, 3, 1)})
	require.NoError(t, s.Checkpoint(summary.Checkpoint{Path: "c", Global: 3, Time: noon}))
	for _, e := range steps(4, 2, 1) {
		require.NoError(t, s.Step(e))
	}
	require.NoError(t, s.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, `{"event":"step","glob`...), 0o666))

	for i, from := range []int{3, 4} {
		s = open(t, path, history.Options{})
		play(t, s, &history.Run{Run: summary.Run{Resumed: true, Global: from, Time: noon},
			Steps: steps(from+1, 3, float64(2+i)), End: &summary.End{Global: from + 3}})
		require.NoError(t, s.Close())
	}
	runs, err := history.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, runs, 2)
	require.Len(t, runs[0].Steps, 9, "the run before is whole")
	require.Equal(t, []string{"1:1", "2:1", "3:1", "4:2", "5:3", "6:3", "7:3"}, globals(runs[1]))
	require.Len(t, runs[1].Checkpoints, 1)
	require.Len(t, runs[1].Resumptions, 2)
	require.Equal(t, 7, runs[1].End.Global)
}

// TestTornAnywhere: a file that ends after any of its bytes reads as its whole lines, and takes another run.
func TestTornAnywhere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "h.jsonl")
	play(t, open(t, path, history.Options{}), all)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	whole := strings.Count(string(text), "\n")
	for n := 0; n <= len(text); n += 3 {
		torn := filepath.Join(dir, "torn.jsonl")
		require.NoError(t, os.WriteFile(torn, text[:n], 0o666))
		_, err := history.ReadFile(torn)
		require.NoError(t, err, "%d bytes", n)
		s, err := history.Open(torn, history.Options{})
		require.NoError(t, err, "%d bytes", n)
		require.NoError(t, s.Start(summary.Run{Model: "new", Time: noon}))
		require.NoError(t, s.Close())
		after, err := os.ReadFile(torn)
		require.NoError(t, err)
		lines := strings.Count(string(text[:n]), "\n")
		require.Equal(t, lines+1, strings.Count(string(after), "\n"), "%d bytes of %d lines", n, whole)
		require.True(t, strings.HasSuffix(string(after), `"model":"new"}`+"\n"))
	}
}

// TestEvery: by hand. Loss (1+3)/2 = 2; the odd step has a line before the epoch's.
func TestEvery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.jsonl")
	s := open(t, path, history.Options{Every: 2})
	require.NoError(t, s.Start(summary.Run{Time: noon}))
	for i, loss := range []float64{1, 3, 7} {
		require.NoError(t, s.Step(summary.Step{Global: i + 1, Samples: 5, Loss: loss, Time: noon}))
	}
	require.NoError(t, s.Epoch(summary.Epoch{Epoch: 1, Global: 3, Time: noon}))
	runs, err := history.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, []string{"2:2", "3:7"}, globals(runs[0]))
	require.Equal(t, 10, runs[0].Steps[0].Samples)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), `"steps":2`)
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "weights")
	for _, content := range []string{"\x00\x01binary", "{\"event\":\"step\"}\n", "a"} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
		_, err := history.Open(path, history.Options{})
		require.ErrorContains(t, err, "this is no history")
		require.ErrorContains(t, err, path)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(after))
	}
	_, err := history.Open(filepath.Join(dir, "none", "h"), history.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{\"event\":\"run\",\"time\":1}\n", "history: line 1: "},
		{"{\"event\":\"run\"}\nx\n{}\n", "history: line 2: invalid character"},
		{"{\"event\":\"step\",\"loss\":\"high\"}\n", "line 1: "},
		{"{\"event\":\"step\",\"metrics\":[1]}\n", "want an object"},
		{"{\"text\":\"" + strings.Repeat("a", 1<<20) + "\"}\n", "line 1 has more than 1048576 bytes"},
	} {
		_, err := history.Read(strings.NewReader(c.text))
		require.ErrorContains(t, err, c.want)
	}
	runs, err := history.Read(strings.NewReader("{\"event\":\"other\",\"x\":{}}\n{\"event\":\"step\",\"global\":7}"))
	require.NoError(t, err, "an event of a later version, a last line without its end, a file that lost its first line")
	require.Equal(t, 7, runs[0].Steps[0].Global)
}

// failing is a sink that fails on a warning.
type failing struct{ summary.None }

func (failing) Warn(summary.Warning) error { return errors.New("enough") }

func TestReplayEndsAtTheSinksError(t *testing.T) {
	text := "{\"event\":\"run\"}\n{\"event\":\"warning\"}\n{\"event\":\"run\",\"time\":1}\n"
	err := history.Replay(strings.NewReader(text), failing{})
	require.EqualError(t, err, "history: line 2: enough")
}

func TestClosed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "h"), history.Options{})
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Start(summary.Run{}), history.ErrClosed)
	require.ErrorIs(t, s.Step(summary.Step{}), history.ErrClosed)
	require.ErrorIs(t, s.End(summary.End{}), history.ErrClosed)
}

func TestStepAllocatesNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "h"), history.Options{})
	require.NoError(t, s.Start(summary.Run{Time: noon}))
	require.NoError(t, s.Step(all.Steps[0]))
	require.Zero(t, testing.AllocsPerRun(50, func() { _ = s.Step(all.Steps[0]) }))
}

func BenchmarkStep(b *testing.B) {
	s, err := history.Open(filepath.Join(b.TempDir(), "h"), history.Options{})
	require.NoError(b, err)
	defer s.Close()
	_ = s.Start(summary.Run{Time: noon})
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Step(all.Steps[0])
	}
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "h")
	s, err := history.Open(path, history.Options{})
	require.NoError(b, err)
	defer s.Close()
	_ = s.Start(summary.Run{Time: noon})
	for range 1000 {
		_ = s.Step(all.Steps[0])
	}
	for b.Loop() {
		_, _ = history.ReadFile(path)
	}
}

// FuzzRead: no bytes make it panic, and what it reads, written and read again, is the same.
func FuzzRead(f *testing.F) {
	f.Add(`{"event":"run","config":{"a":"b"},"train":3}
{"event":"step","loss":"NaN","metrics":{"a":1e-5},"seconds":1e300}
`)
	f.Add(`{"event":"epoch","train":{"loss":1,"\u0000":"Infinity"},"test":null}
{"event":"end","outcome":"stopped"}`)
	f.Add(`{"event":"checkpoint","bytes":-1,"best":true,"error":"x"}
{"event":"evaluation","test":{ }}
`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		runs, err := history.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		path := filepath.Join(dir, "h")
		for _, r := range runs {
			r.Resumptions, r.Resumed = nil, false
			os.Remove(path)
			s, err := history.Open(path, history.Options{})
			require.NoError(t, err)
			play(t, s, r)
			require.NoError(t, s.Close())
			again, err := history.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%+v", r.Epochs), fmt.Sprintf("%+v", again[0].Epochs))
			require.Equal(t, fmt.Sprintf("%+v", r.Config), fmt.Sprintf("%+v", again[0].Config))
			require.Len(t, again[0].Steps, len(r.Steps))
		}
	})
}
