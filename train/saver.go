package train

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train/summary"
)

// defaultCheckpointMemory is Config.CheckpointMemory where it is 0.
const defaultCheckpointMemory = 64 << 20

// A saver writes rank 0's checkpoints, one at a time.
//
// A small state is copied, and written by a goroutine of the saver's while training goes on; a large one is written
// before the next step, for a copy would double the memory.
type saver struct {
	shelf
	copy    []byte             // kept from one to the next
	pending chan written       // of the one that is being written; nil: none is
	failed  error              // why the latest state is not in a file
	event   summary.Checkpoint // of the one that is being written, or was last
	began   time.Time          // when its writing was
}

// written is how the writing of a checkpoint went.
type written struct{ warn, err error }

// checkpoint writes the session's state, on rank 0, or begins to, if there is a Config.Checkpoint. All ranks call it.
// That it can't be written is no error: rank 0 warns, and training goes on. The last checkpoint stays then.
func (r *run[T]) checkpoint() error {
	c := r.job.c
	if c.Checkpoint == "" {
		return nil
	}
	shot, err := r.session.snapshot()
	if err != nil {
		return err
	}
	list, err := vectors(r.world, r.group, shot, 0)
	if err != nil {
		return err
	}
	r.await()
	patient := collectives.Patiently(r.world) // with rank 0's disk
	if r.group.Rank() != 0 {
		if said, err := gatherBytes(patient, r.group, nil); err != nil || len(said[0]) > 0 {
			return err
		}
		if err := stream(patient, r.group, shot, list, 0, nil); err != nil {
			return err
		}
		return share(r.world, r.group, nil)
	}
	meta, err := r.progress(shot)
	background := bytesIn(list) <= r.job.c.checkpointMemory()
	create := func() (*safetensors.Writer, error) {
		infos := make([]safetensors.Info, len(list))
		for i, v := range list {
			infos[i] = v.Info
		}
		return safetensors.Create(c.Checkpoint, infos, map[string]string{checkpointKey: meta})
	}
	steps := shot.at.number(r.job)
	best := r.keeps()
	r.saver.began, r.saver.event = time.Now(), r.checkpointEvent(shot.at, best)
	var w *safetensors.Writer
	var ready []byte // what keeps the others from sending
	if err == nil && !background {
		w, err = create()
	}
	if err != nil {
		ready = []byte{1}
	}
	if _, failed := gatherBytes(patient, r.group, ready); failed != nil {
		if w != nil {
			w.Abort()
		}
		return failed
	}
	if err != nil {
		r.note(written{err: err})
		return nil
	}
	if background {
		r.saver.copy = r.saver.copy[:0]
		if err := stream(patient, r.group, shot, list, 0, (*memory)(&r.saver.copy)); err != nil {
			return err
		}
		r.saver.begin(func() (*safetensors.Writer, error) {
			w, err := create()
			if err == nil {
				_, _ = w.Write(r.saver.copy) // the error comes again when w is closed
			}
			return w, err
		}, steps, best)
		return share(r.world, r.group, nil)
	}
	out := keptError{w: w}
	if err := stream(patient, r.group, shot, list, 0, &out); err != nil {
		w.Abort()
		return err
	}
	warn, err := r.saver.place(w, steps, best)
	r.note(written{warn, err})
	return share(r.world, r.group, nil) // the others wait as long as that takes
}

// keeps says whether this is the end of the epoch whose checkpoint Config.KeepBest keeps, as far as the run has come.
func (r *run[T]) keeps() bool {
	at := &r.session.at
	return r.job.c.KeepBest && at.Step == 0 && len(at.History) > 0 && r.job.c.best(at.History) == len(at.History)-1
}

// memory is a writer to memory.
type memory []byte

func (m *memory) Write(p []byte) (int, error) {
	*m = append(*m, p...)
	return len(p), nil
}

// keptError is a safetensors.Writer whose errors wait for its Close: what the other ranks send is taken all the same.
type keptError struct{ w *safetensors.Writer }

func (k *keptError) Write(p []byte) (int, error) {
	_, _ = k.w.Write(p)
	return len(p), nil
}

// begin writes a file in the background.
func (s *saver) begin(write func() (*safetensors.Writer, error), steps int, best bool) {
	pending := make(chan written, 1)
	s.pending = pending
	go func() {
		w, err := write()
		var warn error
		if err == nil {
			warn, err = s.place(w, steps, best)
		}
		pending <- written{warn, err}
	}()
}

// await waits for the checkpoint that is being written.
func (r *run[T]) await() {
	if r.saver.pending != nil {
		w := <-r.saver.pending
		r.saver.pending = nil
		r.note(w)
	}
}

// poll hears of the checkpoint that was being written, if it is there by now.
func (r *run[T]) poll() {
	if len(r.saver.pending) > 0 { // of a nil channel 0
		r.await()
	}
}

// note takes down how the writing of a checkpoint went.
func (r *run[T]) note(w written) {
	r.saver.failed = w.err
	if w.err != nil {
		r.saver.failed = fmt.Errorf("train: checkpoint: %w", w.err)
	}
	r.written(w.err)
	if err := errors.Join(r.saver.failed, w.warn); err != nil {
		r.warn(err)
	}
}

// warn says what went wrong and does not end the run.
func (r *run[T]) warn(err error) {
	if s := r.events.sinks; s != nil {
		_ = s.Warn(summary.Warning{Text: err.Error(), Err: err, Global: r.session.at.number(r.job), Time: time.Now()})
	}
	if r.job.c.OnWarn == nil {
		slog.Warn(err.Error())
		return
	}
	r.job.c.OnWarn(err)
}

// saved makes sure that the last checkpoint is on the disk, and gives all ranks the error if it is not. All ranks call
// it.
func (r *run[T]) saved() error {
	if r.job.c.Checkpoint == "" {
		return nil
	}
	r.await()
	return share(r.world, r.group, r.saver.failed)
}

func (c Config) checkpointMemory() int64 {
	if c.CheckpointMemory == 0 {
		return defaultCheckpointMemory
	}
	return c.CheckpointMemory
}
