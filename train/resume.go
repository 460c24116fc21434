package train

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train/optim"
)

// ResumeMode says whether a run goes on from a checkpoint.
type ResumeMode uint8

const (
	NoResume   ResumeMode = iota // it starts from the model as it is; the first checkpoint replaces the old
	MustResume                   // it goes on; a missing checkpoint is an error
	AutoResume                   // it goes on, or starts anew where there is no checkpoint: for queued jobs
)

// String returns "no", "must" or "auto".
func (m ResumeMode) String() string {
	names := [...]string{"no", "must", "auto"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("ResumeMode(%d)", uint8(m))
}

// Start is what a run begins with: see Config.OnStart.
type Start struct {
	Resumed     bool     // from Config.Checkpoint; else it starts anew
	Epoch, Step int      // where it goes on: epochs complete, and steps of the next one
	Steps       int      // of an epoch
	Differ      []string // what Config.ResumeWith allows to differ: "Optimizer.LR was 0.1, now 0.2"
	// SameBits says that the run ends with the bits of an uninterrupted one. If not, something differs, or
	// Config.ErrorFeedback is set and the checkpoint is from within an epoch and of a version that did not keep what
	// rounding owed.
	SameBits bool
	// Note says, where it is not empty, that the latest checkpoint is damaged or missing, why, and which one the run goes
	// on from instead: it loses the steps in between.
	Note string
}

// lock keeps other jobs from writing this run's checkpoint. Only rank 0 writes it.
func (r *run[T]) lock() error {
	if r.job.c.Checkpoint == "" || r.group.Rank() != 0 {
		return nil
	}
	var err error
	r.saver.shelf = shelf{path: r.job.c.Checkpoint, keep: max(r.job.c.Keep, 1), last: -1, began: -1}
	if r.unlock, err = atomicfile.Hold(r.job.c.Checkpoint); err != nil {
		return fmt.Errorf("train: Config.Checkpoint: %w", err)
	}
	return nil
}

// settings lists what decides the bits of a run, under the names of Config's fields.
func (j *job) settings(g *collectives.Group) []field {
	c, size := j.c, g.Size()
	list := []field{
		{"Train", describeSource(c.Train)},
		{"BatchSize", fmt.Sprint(c.BatchSize)},
		{"Partitions", fmt.Sprint(c.Partitions)},
		{"Seed", fmt.Sprint(c.Seed)},
		{"NoShuffle", fmt.Sprint(c.NoShuffle)},
		{"Loss", j.describeLoss()},
		{"Optimizer", c.Optimizer.Name()},
		{"Optimizer.LR", fmt.Sprint(c.Optimizer.Rate())},
	}
	for _, f := range fieldsOf(c.Optimizer) {
		if f.Name != "LR" {
			list = append(list, field{"Optimizer." + f.Name, f.Value})
		}
	}
	schedule := c.Schedule
	if schedule == nil {
		schedule = optim.Constant{}
	}
	list = append(list,
		field{"ParamGroups", describe(c.ParamGroups)},
		field{"Schedule", typed(schedule)},
		field{"Epochs", fmt.Sprint(c.Epochs)},
		field{"Sync", c.Sync.String()},
		field{"Compress", c.Compress.String()},
		field{"ErrorFeedback", fmt.Sprint(c.ErrorFeedback)},
		field{"SyncBatchNorm", fmt.Sprint(c.SyncBatchNorm)},
	)
	// With Sharded the order of summation is the partitions' own. A ring's is that of the ranks, and with
	// more than two of them also the algorithm's, which sees buckets; and what is rounded on its way depends on who
	// sums what.
	ranks, algorithm, bucket := "any", "any", "any"
	if c.Sync == AllReduce || c.Compress != collectives.Float32Wire {
		ranks = fmt.Sprint(size)
	}
	if c.Sync == AllReduce && size > 2 {
		bucket = fmt.Sprint(c.Bucket)
		if c.Compress == collectives.Float32Wire {
			algorithm = g.Choice(j.dtype.Size() * j.set.Len()).String()
		}
	}
	list = append(list, field{"Group.Size", ranks}, field{"Group.Algorithm", algorithm}, field{"Bucket", bucket})
	list = append(list, c.scoreSettings()...)
	list = append(list, c.stepFields()...)
	list = append(list, j.order()...)
	return append(list, j.parameters(func(p layers.NamedParam) string { return p.Key })...)
}

// differences lists the settings in which this run differs from the one that wrote a checkpoint, other than in what
// keeps its bits.
func (j *job) differences(was, now []field) []difference {
	var list []difference
	note := func(name, was, now string) { list = append(list, difference{name, was, now}) }
	for _, f := range now {
		i := slices.IndexFunc(was, func(w field) bool { return w.Name == f.Name })
		switch {
		case i < 0 && f.isZero(): // a field that the checkpoint's version did not have, at its default
		case i < 0:
			note(f.Name, "nothing", f.Value)
		case was[i].Value == f.Value:
		case f.Name == "Epochs" && j.c.Epochs < 0: // there are no steps to differ
		case f.Name == "Epochs" && j.mayGoOn(was[i].Value):
		default:
			note(f.Name, was[i].Value, f.Value)
		}
	}
	for _, w := range was {
		if !slices.ContainsFunc(now, func(f field) bool { return w.Name == f.Name }) {
			note(w.Name, w.Value, "nothing")
		}
	}
	return list
}

// mayGoOn says whether the run has more epochs than it had, and would have taken the same steps so far.
func (j *job) mayGoOn(text string) bool {
	var had int
	if _, err := fmt.Sscan(text, &had); err != nil || had < 1 || had > j.c.Epochs {
		return false
	}
	base, before, after := j.c.Optimizer.Rate(), had*j.plan.Steps(), j.c.Epochs*j.plan.Steps()
	for step := range before {
		if optim.RateAt(j.c.Schedule, base, step, before) != optim.RateAt(j.c.Schedule, base, step, after) {
			return false
		}
	}
	return true
}

// isZero reports whether f is an optimizer's field at its zero value, which means its default.
func (f field) isZero() bool {
	return strings.HasPrefix(f.Name, "Optimizer.") && slices.Contains([]string{"0", "false", "", "[]", "<nil>"}, f.Value)
}

type difference struct{ name, was, now string }

func (d difference) String() string { return fmt.Sprintf("%s was %s, now %s", d.name, d.was, d.now) }

// allowed says whether Config.ResumeWith names the setting or what it is part of.
func (d difference) allowed(with []string) bool {
	return slices.ContainsFunc(with, func(name string) bool {
		return d.name == name || strings.HasPrefix(d.name, name+".")
	})
}

// judge gives those differences that Config.ResumeWith allows, and an error if there are others, or if it allows what
// there is not.
func (r *run[T]) judge(p progress) (allowed []string, err error) {
	j := r.job
	was, now := renamed(p.Settings), j.settings(r.group)
	for _, name := range j.c.ResumeWith {
		known := func(f field) bool { return difference{name: f.Name}.allowed([]string{name}) }
		if !slices.ContainsFunc(now, known) && !slices.ContainsFunc(was, known) {
			var names []string
			for _, f := range now {
				if !strings.HasPrefix(f.Name, "Model.") {
					names = append(names, f.Name)
				}
			}
			return nil, fmt.Errorf("Config.ResumeWith names %q, want some of %s", name, strings.Join(names, ", "))
		}
	}
	var refused, missing []string
	for _, d := range append(j.differences(was, now), keptDifferences(r.keepers, p.Sections)...) {
		if p.At.Step > 0 && slices.Contains([]string{"Train", "BatchSize", "Window", "Train.Blocks"}, d.name) {
			return nil, fmt.Errorf("%v: the checkpoint is from within an epoch, after step %d, which would be "+
				"another one's", d, p.At.Step)
		}
		if d.allowed(j.c.ResumeWith) {
			allowed = append(allowed, d.String())
			continue
		}
		name := d.name
		if strings.HasPrefix(name, "Model.") {
			name = "Model"
		}
		if !(difference{name: name}).allowed(missing) {
			missing = append(missing, name)
		}
		refused = append(refused, d.String())
	}
	if n := len(refused); n > 0 {
		if n > 4 {
			refused = append(refused[:3], fmt.Sprintf("and %d more", n-3))
		}
		return nil, fmt.Errorf("%s: the bits would be neither run's: to go on all the same, allow %s in "+
			"Config.ResumeWith (--resume-with)", strings.Join(refused, "; "), strings.Join(missing, ", "))
	}
	return allowed, nil
}

// renamed gives the settings of a checkpoint under the names and values that they have now.
func renamed(was []field) []field {
	now := slices.Clone(was)
	shuffle := false
	for i := range now {
		f := &now[i]
		switch f.Name {
		case "Groups":
			f.Name = "ParamGroups"
		case "Sync":
			if s, err := ParseSync(f.Value); err == nil {
				f.Value = s.String()
			}
		case "NoShuffle":
			shuffle = true
		}
	}
	if !shuffle {
		now = append(now, field{"NoShuffle", "false"})
	}
	return now
}

// resume reads the checkpoint on rank 0, if the run is to go on from one, and shares what it says. It gives what the
// run starts with, and on rank 0 the snapshot; the model is loaded.
func (r *run[T]) resume() (Start, *snapshot, error) {
	c := r.job.c
	start := Start{Steps: r.job.plan.Steps(), SameBits: true}
	if c.Resume == NoResume {
		return start, nil, nil
	}
	var text []byte
	var shot *snapshot
	var err error
	said := struct {
		Note string
		Owed bool
	}{}
	if r.group.Rank() == 0 {
		text, shot, said.Note, err = r.load()
		said.Owed = shot != nil && slices.ContainsFunc(shot.pieces, isFeedback)
	}
	if err := share(r.world, r.group, err); err != nil {
		return start, nil, err
	}
	texts, err := gatherBytes(r.world, r.group, text)
	if err != nil {
		return start, shot, fmt.Errorf("train: sharing the checkpoint: %w", err)
	}
	if len(texts[0]) == 0 { // nothing to resume from
		return start, nil, nil
	}
	more, err := json.Marshal(said)
	if err != nil {
		return start, shot, fmt.Errorf("train: %w", err)
	}
	mores, err := gatherBytes(r.world, r.group, more)
	if err != nil {
		return start, shot, fmt.Errorf("train: sharing the checkpoint: %w", err)
	}
	if err := json.Unmarshal(mores[0], &said); err != nil {
		return start, shot, fmt.Errorf("train: checkpoint %s: %w", c.Checkpoint, err)
	}
	var p progress
	if err := json.Unmarshal(texts[0], &p); err != nil {
		return start, shot, fmt.Errorf("train: checkpoint %s: %w", c.Checkpoint, err)
	}
	if start.Differ, err = r.judge(p); err != nil { // rank 0 has asked before
		return start, shot, fmt.Errorf("train: checkpoint %s: %w", c.Checkpoint, err)
	}
	if err := loadKept(r.keepers, p.Sections); err != nil {
		return start, shot, fmt.Errorf("train: checkpoint %s: %w", c.Checkpoint, err)
	}
	r.resumed = true
	start.Resumed, start.Epoch, start.Step, start.Note = true, p.At.Epoch, p.At.Step, said.Note
	start.SameBits = len(start.Differ) == 0 && (!c.ErrorFeedback || p.At.Step == 0 || said.Owed || r.group.Size() == 1)
	return start, shot, nil
}

// begin begins the session, from the checkpoint if there is one to go on from.
func (r *run[T]) begin() (Start, error) {
	began, from, err := r.resume()
	if err == nil {
		r.session, err = newSession[T](r.world, r.job, r.group, from)
	}
	broken := from.close()
	if err == nil && r.resumed {
		err = share(r.world, r.group, broken)
	}
	return began, err
}
