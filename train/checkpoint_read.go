package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// errDamaged is wrapped by the error of a checkpoint that is not what was written: the one before may be well.
var errDamaged = errors.New("damaged")

// load finds the newest checkpoint that is whole. It gives what it says, as text, and a snapshot whose pieces are
// stored in it, which is to be closed; note says so where that is not the latest. Where there is none, and that will
// do, the text is empty and there is no error.
func (r *run[T]) load() (text []byte, shot *snapshot, note string, err error) {
	s := &r.saver.shelf
	s.began = 0
	text, shot, latest := r.read(s.path)
	if latest == nil {
		r.saver.last = shot.at.number(r.job)
		s.began = r.saver.last
		return text, shot, "", nil
	}
	if !errors.Is(latest, errDamaged) && !errors.Is(latest, fs.ErrNotExist) {
		return nil, nil, "", latest
	}
	for _, n := range s.steps() {
		text, shot, err := r.read(s.older(n))
		if errors.Is(err, errDamaged) || errors.Is(err, fs.ErrNotExist) {
			latest = fmt.Errorf("%w; %w", latest, err)
			continue
		}
		if err != nil {
			return nil, nil, "", fmt.Errorf("%w; and then: %w", latest, err)
		}
		s.began = shot.at.number(r.job)
		return text, shot, fmt.Sprintf("%v: going on from %s", latest, s.older(n)), nil
	}
	if errors.Is(latest, errDamaged) {
		return nil, nil, "", latest
	}
	if r.job.c.Resume == AutoResume {
		s.began = -1
		return nil, nil, "", nil
	}
	return nil, nil, "", fmt.Errorf("train: Config.Resume is %v, and there is no checkpoint to resume from: %w",
		r.job.c.Resume, latest)
}

// read opens a checkpoint and makes sure that all of it is there and fits. The elements are still in the file.
func (r *run[T]) read(path string) (text []byte, shot *snapshot, err error) {
	f, err := safetensors.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	fail := func(format string, args ...any) ([]byte, *snapshot, error) {
		if f != nil {
			f.Close()
		}
		return nil, nil, fmt.Errorf("train: checkpoint %s: "+format, append([]any{path}, args...)...)
	}
	if err == nil {
		err = f.Verify()
	}
	if errors.Is(err, fs.ErrPermission) {
		return fail("%w", err)
	}
	if err != nil {
		return fail("%w: %w", errDamaged, err)
	}
	meta, ok := f.Meta()[checkpointKey]
	if _, loop := f.Meta()[loopKey]; loop && !ok {
		return fail("a Loop wrote it: Loop.Load goes on from it; for the model alone, layers.Load")
	}
	if !ok {
		return fail("it is a model, not a checkpoint: it does not say how far training had come")
	}
	var p progress
	if err := json.Unmarshal([]byte(meta), &p); err != nil {
		return fail("%w", err)
	}
	if p.Format != checkpointFormat {
		return fail("it has format %d, want %d: end the run with the version of tutti that began it, or begin "+
			"it again", p.Format, checkpointFormat)
	}
	if _, err := r.judge(p); err != nil {
		return fail("%w", err)
	}
	shot = &snapshot{at: p.At, steps: p.OptimizerSteps, file: f}
	if err := r.shelve(shot, f); err != nil {
		return fail("%w", err)
	}
	return []byte(meta), shot, nil
}

// shelve lists the tensors of a checkpoint as pieces.
func (r *run[T]) shelve(shot *snapshot, f *safetensors.File) error {
	rule := r.job.c.Optimizer.Name()
	lengths := map[string]int{} // of the pieces that are still missing
	for _, s := range r.job.slots() {
		lengths[s.name] = s.length
	}
	var model []safetensors.Info
	for _, info := range f.Infos() {
		if !strings.HasPrefix(info.Name, layers.OptimizerPrefix) {
			model = append(model, info)
			continue
		}
		length, ok := lengths[info.Name]
		if owed := strings.HasPrefix(info.Name, feedbackPrefix); owed && r.job.c.ErrorFeedback {
			length, ok = r.job.set.Len(), true
		} else if owed { // Config.ResumeWith allows that it is forgotten
			continue
		}
		given := strings.HasPrefix(info.Name, bestPrefix) || ofAverage(info.Name) && r.job.c.Average == nil
		if !ok && given { // likewise given up
			continue
		}
		if !ok {
			return fmt.Errorf("%s, which %s does not keep", info.Name, rule)
		}
		n := 1
		for _, d := range info.Shape {
			n *= d
		}
		if info.DType != r.job.dtype || n != length {
			return fmt.Errorf("%s is %v%v, want a %v for each of the %d numbers that are trained: this is another model, "+
				"or other parameters of it were frozen or sparse", info.Name, info.DType, info.Shape, r.job.dtype, length)
		}
		if err := shot.shelve(f, info, length); err != nil {
			return err
		}
		delete(lengths, info.Name)
	}
	for name := range lengths {
		if strings.HasPrefix(name, bestPrefix) { // Config.ResumeWith allows that early stopping begins anew
			continue
		}
		if ofAverage(name) && shot.at.Averaged == 0 { // likewise an average
			continue
		}
		return fmt.Errorf("there is no %s, which %s keeps", name, rule)
	}
	return shot.shelveModel(f, model, r.job.c.Model)
}

// shelve adds a vector of the file.
func (s *snapshot) shelve(f *safetensors.File, info safetensors.Info, length int) error {
	v, err := newStored(f, info)
	if err != nil {
		return err
	}
	s.pieces = append(s.pieces, piece{name: info.Name, length: length, hi: length, stored: v})
	return nil
}

// shelveModel adds the model of the file. Where that has other names for it, or dtypes, it is read at once, into the
// model.
func (s *snapshot) shelveModel(f *safetensors.File, infos []safetensors.Info, model any) error {
	plain := map[string]safetensors.Info{}
	for _, info := range infos {
		plain[info.Name] = info
	}
	same := true
	state := layers.StateDict(model)
	for _, n := range state {
		info, ok := plain[n.Name]
		same = same && ok && info.DType == n.Tensor.DType() && slices.Equal(info.Shape, n.Tensor.Shape())
	}
	if same && len(infos) == len(state) {
		for _, n := range state {
			if err := s.shelve(f, plain[n.Name], n.Tensor.Len()); err != nil {
				return err
			}
		}
		return nil
	}
	var dict []safetensors.Named
	for _, info := range infos {
		x, err := f.Tensor(info.Name)
		if err != nil {
			return err
		}
		dict = append(dict, safetensors.Named{Name: info.Name, Tensor: x})
	}
	report, err := layers.LoadStateDict(model, dict, true)
	if err != nil {
		return report.Err()
	}
	return nil
}
