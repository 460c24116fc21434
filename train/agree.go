package train

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// ErrDisagree is wrapped by the error of ranks that were started with different models or configurations.
var ErrDisagree = errors.New("ranks disagree")

// A field is something all ranks must be given alike.
type field struct{ Name, Value string }

// fields lists what all ranks must agree on, in the order in which a disagreement is reported.
func (j *job) fields() []field {
	c := j.c
	list := []field{
		{"Sync", c.Sync.String()},
		{"Bucket", fmt.Sprint(c.Bucket)},
		{"Compress", c.Compress.String()},
		{"ErrorFeedback", fmt.Sprint(c.ErrorFeedback)},
		{"SyncBatchNorm", fmt.Sprint(c.SyncBatchNorm)},
		{"Train", describeSource(c.Train)},
		{"Test", describeSource(c.Test)},
		{"Epochs", fmt.Sprint(c.Epochs)},
		{"BatchSize", fmt.Sprint(c.BatchSize)},
		{"Partitions", fmt.Sprint(c.Partitions)},
		{"Seed", fmt.Sprint(c.Seed)},
		{"NoShuffle", fmt.Sprint(c.NoShuffle)},
		{"Optimizer", c.Optimizer.Name() + describe(c.Optimizer)},
		{"ParamGroups", describe(c.ParamGroups)},
		{"Schedule", typed(c.Schedule)},
		{"Loss", j.describeLoss()},
		{"Average", describe(c.Average)},
		{"MaxSkips", fmt.Sprint(c.MaxSkips)},
		{"Checkpoint", map[bool]string{true: "a file", false: "none"}[c.Checkpoint != ""]},
		{"KeepBest", fmt.Sprint(c.KeepBest)},
		{"Resume", c.Resume.String()},
		{"ResumeWith", describe(c.ResumeWith)},
		{"Model", fmt.Sprintf("%T with %d parameters", c.Model, len(j.params))},
	}
	list = append(list, c.progressFields()...)
	list = append(list, c.stepFields()...)
	list = append(list, j.order()...)
	return append(list, j.parameters(func(p layers.NamedParam) string { return p.Name })...)
}

// order lists what decides the order of the samples of a source that is shuffled by blocks; nothing of others.
func (j *job) order() []field {
	src, ok := j.c.Train.(dataset.Blocks)
	if !ok || j.c.NoShuffle {
		return nil
	}
	blocks := src.Blocks()
	sum := crc32.NewIEEE()
	var size [8]byte
	for _, n := range blocks {
		binary.LittleEndian.PutUint64(size[:], uint64(n))
		sum.Write(size[:])
	}
	return []field{
		{"Window", fmt.Sprint(j.plan.WindowOf(src))},
		{"Train.Blocks", fmt.Sprintf("%d, sizes #%08x", len(blocks), sum.Sum32())},
	}
}

// parameters lists the model's parameters under the names that name gives.
func (j *job) parameters(name func(layers.NamedParam) string) []field {
	var list []field
	for _, p := range j.params {
		value := fmt.Sprint(p.Value().Shape())
		if d := p.Value().DType(); d != tensor.Float32 {
			value += " " + d.String()
		}
		if p.Frozen {
			value += " frozen"
		} else if p.Sparse {
			value += " sparse"
		}
		list = append(list, field{"Model." + name(p), value})
	}
	return list
}

// describeLoss says what is minimised.
func (j *job) describeLoss() string {
	switch {
	case len(j.c.Phases) > 0:
		return "Phases"
	case j.c.LossWeight != nil:
		return "LossFunc with LossWeight"
	case j.c.LossFunc != nil:
		return "LossFunc"
	}
	return typed(j.c.Loss)
}

func describeSource(s dataset.Source) string {
	if s == nil {
		return "none"
	}
	spec := s.Spec()
	text := fmt.Sprintf("%s, %d samples of shape %v, %d classes", spec.Name, s.Len(), spec.Input().Shape, spec.Classes())
	if len(spec.Columns) > 2 {
		text += fmt.Sprintf(", columns %+v", spec.Columns)
	}
	return text
}

// agree returns an error on every rank if one of them differs from rank 0, naming the first field that does.
func (r *run[T]) agree() error {
	if r.group.Size() == 1 {
		return nil
	}
	mine := r.job.fields()
	text, err := json.Marshal(mine)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	texts, err := gatherBytes(r.world, r.group, text)
	if err != nil {
		return fmt.Errorf("train: comparing the ranks' configurations: %w", err)
	}
	var first []field
	for rank, text := range texts {
		var theirs []field
		if err := json.Unmarshal(text, &theirs); err != nil {
			return fmt.Errorf("train: the configuration of rank %d: %w", rank, err)
		}
		if rank == 0 {
			first = theirs
		}
		for i := range max(len(first), len(theirs)) {
			a, b := fieldAt(first, i), fieldAt(theirs, i)
			if a.Name != b.Name { // one of them has what the other has not
				if slices.ContainsFunc(theirs, func(f field) bool { return f.Name == a.Name }) || a == (field{}) {
					a = field{b.Name, "nothing"}
				} else {
					b = field{a.Name, "nothing"}
				}
			}
			if a != b {
				hint := ""
				if a.Name == "Train" || a.Name == "Test" {
					hint = ": every rank is given the whole data set, of which it reads its own part of each batch"
				}
				return fmt.Errorf("train: %w on %s: rank 0 has %s, rank %d has %s%s", ErrDisagree, a.Name, a.Value,
					rank, b.Value, hint)
			}
		}
	}
	return nil
}

func fieldAt(list []field, i int) field {
	if i < len(list) {
		return list[i]
	}
	return field{}
}

// share makes the error of one rank the error of all. Every rank calls it with its own, or nil; it returns nil if all
// are nil, a rank's own error where it has one, and otherwise one that names the first rank that failed, and why. It
// waits for as long as a rank takes to come to it, reading or writing a large file, say; a rank that is lost ends the
// wait.
func share(ctx context.Context, g *collectives.Group, mine error) error {
	if g == nil || g.Size() == 1 {
		return mine
	}
	ctx = collectives.Patiently(ctx)
	var text []byte
	if mine != nil {
		text = []byte(textOf(mine))
	}
	texts, err := gatherBytes(ctx, g, text)
	if mine != nil {
		return mine
	}
	if err != nil {
		return fmt.Errorf("train: sharing the ranks' errors: %w", err)
	}
	for rank, text := range texts {
		if len(text) > 0 {
			return &otherRankError{rank, string(text)}
		}
	}
	return nil
}

// otherRankError is the error of a rank as the others report it.
type otherRankError struct {
	rank int
	text string
}

func (e *otherRankError) Error() string {
	return fmt.Sprintf("train: rank %d failed: %s", e.rank, e.text)
}

// OfRank names the rank whose error it is: launch.Local reports that one's own.
func (e *otherRankError) OfRank() int { return e.rank }

// textOf gives the text of an error, which is not empty.
func textOf(err error) string { return cmp.Or(err.Error(), "an error without a text") }

// gatherBytes gives every rank what each of them brought.
func gatherBytes(ctx context.Context, g *collectives.Group, mine []byte) ([][]byte, error) {
	all, counts, err := collectives.AllGatherV(ctx, g, nil, mine)
	if err != nil {
		return nil, err
	}
	parts := make([][]byte, len(counts))
	for i, n := range counts {
		parts[i], all = all[:n:n], all[n:]
	}
	return parts, nil
}
