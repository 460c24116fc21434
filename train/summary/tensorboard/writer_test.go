package tensorboard_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

func TestCreateNamesTheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "a")
	o := tensorboard.Options{Host: "a/b:c", Process: 7, Now: func() time.Time { return time.Unix(1234567890, 0) }}
	for _, want := range []string{"", ".1", ".2"} {
		w, err := o.Create(dir)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, "events.out.tfevents.1234567890.a_b_c.7"+want), w.Path())
		require.NoError(t, w.Close())
	}
}

func TestFlushShowsEvents(t *testing.T) {
	w, _ := at(t)
	require.NoError(t, w.Scalar("loss", 1, 1))
	require.Empty(t, events(t, w.Path()))
	require.NoError(t, w.Flush())
	require.Len(t, events(t, w.Path()), 2)
}

// TestWriterIsSafe runs under -race: no event of eight goroutines is torn or lost.
func TestWriterIsSafe(t *testing.T) {
	w, _ := at(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				if err := w.Scalar(fmt.Sprint("tag", i), float64(j), int64(j)); err != nil {
					t.Error(err)
				}
				if j%10 == 0 {
					if err := w.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, w.Close())
	require.Len(t, events(t, w.Path()), 1+8*50)
}

func TestClosedWriter(t *testing.T) {
	w, _ := at(t)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close(), "a second Close does nothing")
	require.ErrorIs(t, w.Scalar("loss", 1, 1), tensorboard.ErrClosed)
	require.ErrorIs(t, w.Flush(), tensorboard.ErrClosed)
	require.ErrorContains(t, w.Text("a", "b", 1), w.Path())
}

func TestWriterErrors(t *testing.T) {
	w, _ := at(t)
	require.ErrorContains(t, w.Scalar("", 1, 1), "the tag is empty")
	require.ErrorContains(t, w.Text("", "a", 1), "the tag is empty")
	require.ErrorContains(t, w.Graph([]tensorboard.Node{{Name: "a"}, {Name: "a"}}), `named "a"`)
	require.ErrorContains(t, w.Graph([]tensorboard.Node{{Name: "a", Inputs: []string{"b"}}}), `node "a" has the input "b"`)
	require.NoError(t, w.Flush(), "none of these ends the file")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	_, err := tensorboard.Create(filepath.Join(file, "dir"))
	var at *os.PathError
	require.ErrorAs(t, err, &at)
}
