package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train/metrics"
)

// A shelf is the files of a run's checkpoints, all in one folder:
//
//	run.safetensors               the latest, Config.Checkpoint itself
//	run.step00001200.safetensors  those before it, by the steps since the start of the run: Config.Keep
//	run.best.safetensors          the one of the best score: Config.KeepBest
//
// Each appears only when it is complete. The latest is there at every moment from the first on: the one before gets its
// second name while it still has the first.
type shelf struct {
	path string
	keep int // files by number of steps and the latest together
	last int // the steps of the latest; −1 where it is none that is worth keeping
	// began is how many steps this run went on from: files of more are not of its past, and go when it first writes.
	// −1: no file is of its past.
	began int
	clean bool // they have gone
}

// stem gives what the names of the others begin and end with.
func (s *shelf) stem() (stem, ext string) {
	ext = filepath.Ext(s.path)
	return strings.TrimSuffix(s.path, ext), ext
}

func (s *shelf) best() string {
	stem, ext := s.stem()
	return stem + ".best" + ext
}

func (s *shelf) older(steps int) string {
	stem, ext := s.stem()
	return fmt.Sprintf("%s.step%08d%s", stem, steps, ext)
}

// steps lists the older ones that there are, the newest first.
func (s *shelf) steps() []int {
	dir := filepath.Dir(s.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var list []int
	stem, ext := s.stem()
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), filepath.Base(stem)+".step")
		digits, also := strings.CutSuffix(digits, ext)
		n, err := strconv.Atoi(digits)
		if ok && also && err == nil && s.older(n) == filepath.Join(dir, e.Name()) && e.Type().IsRegular() {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list
}

// place ends w as the latest checkpoint, of so many steps, and makes it the best too, if it is. What else is wrong is
// no reason not to have it: then warn is set.
func (s *shelf) place(w *safetensors.Writer, steps int, best bool) (warn, err error) {
	note := func(err error) {
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			warn = errors.Join(warn, fmt.Errorf("train: checkpoint %s: %w", s.path, err))
		}
	}
	if !s.clean {
		for _, n := range s.steps() {
			if n > s.began {
				note(os.Remove(s.older(n)))
			}
		}
		if s.began < 0 {
			note(os.Remove(s.best()))
		}
		s.clean = true
	}
	if s.keep > 1 && s.last >= 0 && s.last != steps {
		note(atomicfile.Link(s.path, s.older(s.last)))
	}
	if err := w.Close(); err != nil {
		return warn, err
	}
	s.last = steps
	for i, n := range s.steps() {
		if i >= s.keep-1 {
			note(os.Remove(s.older(n)))
		}
	}
	if best {
		note(atomicfile.Link(s.path, s.best()))
	}
	return warn, nil
}

// best gives the place in list of the epoch with the best score, of equals the first; −1 if none has one.
func (c Config) best(list []Epoch) int {
	_, better := c.followed()
	best, top := -1, 0.0
	for i, e := range list {
		score := c.score(e.Test)
		if better == metrics.Lower {
			score = -score
		}
		if e.Test.Samples > 0 && score == score && (best < 0 || score > top) {
			best, top = i, score
		}
	}
	return best
}

// validateCheckpoint is Validate for what is kept of a run.
func (c Config) validateCheckpoint() error {
	switch {
	case c.Keep < 0:
		return fmt.Errorf("train: Config.Keep = %d, want at least 1", c.Keep)
	case (c.Keep > 0 || c.KeepBest) && c.Checkpoint == "":
		return fmt.Errorf("train: Config.Keep = %d, Config.KeepBest is %v and Config.Checkpoint is empty, want the file "+
			"to keep", c.Keep, c.KeepBest)
	case c.KeepBest && c.scoreless():
		name, _ := c.followed()
		return fmt.Errorf("train: Config.KeepBest follows %s, of which no value is better than another", name)
	case c.KeepBest && c.Test == nil:
		return errors.New("train: Config.KeepBest is set and Config.Test is nil: nothing says which one is the best")
	}
	return nil
}

// scoreless says whether no score is better than another.
func (c Config) scoreless() bool {
	_, better := c.followed()
	return better == metrics.Neither
}
