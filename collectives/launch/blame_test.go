package launch

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ranks that fail because another is lost say so, and the launcher does.
func TestSpawnNamesTheLostRank(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody can be asked to end there")
	}
	var out lines
	err := spawn(t, "rank 1 leaves, and the others fail of it", SpawnConfig{N: 3, Stdout: &out})
	var exit *ExitError
	require.ErrorAs(t, err, &exit, out.String())
	assert.NotEqual(t, 1, exit.Rank)
	assert.Equal(t, 6, exit.Code)
	assert.Contains(t, err.Error(), "exited with code 6, after it had lost rank 1")
}

// Which failure counts, of several in the order in which they were noticed.
func TestCulprit(t *testing.T) {
	exits := func(rank, code int) *ExitError { return &ExitError{Rank: rank, Code: code} }
	killed := func(rank int) *ExitError { return &ExitError{Rank: rank, Code: 137, Signal: os.Kill} }
	lost := func(e *ExitError, rank int) *ExitError { e.Lost = &rank; return e }
	for _, c := range []struct {
		name   string
		failed []*ExitError
		want   int
	}{
		{"one", []*ExitError{exits(3, 1)}, 3},
		{"nobody knows why", []*ExitError{exits(2, 1), exits(0, 1)}, 2},
		{"a panic, noticed last", []*ExitError{lost(exits(0, 1), 2), lost(exits(1, 1), 2), exits(2, 2)}, 2},
		{"a kill, noticed last", []*ExitError{exits(0, 1), exits(1, 1), killed(2)}, 2},
		{"a chain", []*ExitError{lost(exits(0, 1), 1), lost(exits(1, 1), 2), exits(2, 7)}, 2},
		{"one aborts of another's loss", []*ExitError{lost(killed(0), 1), exits(1, 2)}, 1},
		{"the cause is none of them", []*ExitError{lost(exits(1, 1), 3), lost(exits(0, 1), 3)}, 1},
		{"one is named", []*ExitError{exits(0, 1), exits(1, 1), lost(exits(2, 1), 1)}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := job{failed: c.failed}
			assert.Equal(t, c.want, j.culprit().Rank)
		})
	}
}

// A rank that ends before all have met keeps nobody waiting for a minute, and the others' failure is known as what it
// is.
func TestKeepGoingBeforeTheMeeting(t *testing.T) {
	var out, errs lines
	err := spawn(t, "rank 1 ends, and the others open",
		SpawnConfig{N: 4, Argv: []string{"5"}, Stdout: &out, Stderr: &errs, KeepGoing: true})
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, strings.Count(out.String(),
		"rank 1 lost: the launcher says: it exited with code 5 before all ranks had met\n"), out.String())
	assert.Equal(t, 3, strings.Count(out.String(), "] true launch: rank "), out.String())
	assert.Equal(t, ExitError{Rank: 1, Code: 5}, *exit)
	assert.Equal(t, 3, strings.Count(errs.String(), " exited with code 6, after it had lost rank 1; "), errs.String())
}

// What a rank does after it has opened its group again is its own doing.
func TestKeepGoingFailureAfterReopen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody can tell a kill from an exit there")
	}
	var out, errs lines
	err := spawn(t, "rank 2 is killed, the others reopen",
		SpawnConfig{N: 4, Argv: []string{TCP, "4"}, Stdout: &out, Stderr: &errs, KeepGoing: true})
	var exit *ExitError
	require.ErrorAs(t, err, &exit, out.String())
	assert.Equal(t, ExitError{Rank: exit.Rank, Code: 4}, *exit)
	assert.Equal(t, 3, strings.Count(errs.String(), " exited with code 4; "), errs.String())
}

// Output that nobody reads is no failure, output that cannot be written is.
func TestOutputErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"unread", syscall.EPIPE, ""},
		{"full", syscall.ENOSPC, "launch: the ranks' output: " + syscall.ENOSPC.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && c.err == syscall.EPIPE {
				t.Skip("a broken pipe is another error there")
			}
			err := spawn(t, "print", SpawnConfig{N: 2, Stdout: failing{c.err}})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
			assert.ErrorIs(t, err, c.err)
			err = spawn(t, "rank 1 exits with 7", SpawnConfig{N: 2, Stdout: failing{c.err}})
			var exit *ExitError
			assert.True(t, errors.As(err, &exit), "what the ranks did comes first: %v", err)
		})
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
