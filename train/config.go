package train

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/optim"
	"github.com/tutti-ml/tutti/train/summary"
)

// Config says what to train, on what, and how. Model, Loss (or LossFunc) and Train are required; the zero value of
// every other field trains something sensible. All ranks of a group must be given the same values: those that differ
// are refused at the start, by name.
type Config struct {
	// Model holds the parameters, found by [layers.Params]. It is a [layers.Layer], or any struct if LossFunc is set.
	// Its parameters must be Float32 or Float64, all of them alike, and are moved into one flat vector. For a Float64
	// model the floating-point columns of a batch are cast; a LossFunc does that itself.
	Model any
	// Loss compares the model's output with the batch's targets. It gives one element: the mean over the samples, or,
	// if it is a [layers.Weigher], over whatever else it divides by. The loss of a step is that of the whole batch,
	// however many partitions the batch is cut into. A loss whose field Reduction is layers.SumReduction counts as a
	// sum over the batch.
	Loss layers.Loss
	// LossFunc, if set, takes the place of Model.Forward and Loss. It must return one element, the mean loss over the
	// samples of b, which are one partition of the batch; the step's loss is the mean over all partitions, each
	// weighted by its samples. If it divides by something else, LossWeight must say by what. Runs with a LossFunc
	// have no accuracy.
	LossFunc func(t *autograd.Tape, b *dataset.Batch) *autograd.Var
	// LossWeight gives what LossFunc divides by for the samples of b, >= 0: the number of words in them, say. It is
	// called after LossFunc. Default: their number. A partition of weight 0 counts nothing, whatever its loss.
	LossWeight func(b *dataset.Batch) float64

	// Optimizer turns gradients into updates. Default: optim.SGD with its default learning rate.
	//
	// Parameters marked Sparse, as by [layers.Embedding.SetSparse], are stepped by rows, those that the batch looked up: with plain
	// SGD to what dense training gives; with Adam lazily, as PyTorch's SparseAdam; and so with momentum. The optimizer's Steppers
	// must be optim.RowSteppers, as all in package optim are, and without weight decay for these parameters; anything else is
	// an error. Rows travel whole, whatever Compress says.
	Optimizer optim.Optimizer
	// ParamGroups give parameters whose names match a pattern a learning rate or a weight decay of their own: the first
	// group that matches a parameter counts, and what none matches is as Optimizer says. Default: none. Frozen parameters stay frozen. A
	// pattern that matches nothing, or only what groups before it have, is an error. Moments are kept as they are without
	// groups, so a run may resume with other ones, where ResumeWith says so.
	//
	//	ParamGroups: []optim.Group{{Pattern: "*.bias", WeightDecay: optim.Zero}, {Pattern: "backbone.*", Factor: 0.1}}
	ParamGroups []optim.Group
	// Schedule changes the learning rate from step to step. Default: constant.
	Schedule optim.Schedule

	// Train is the training set, Test the held-out set, evaluated as ValidateWhen says (nil: no test). Every rank is
	// given all of both: a rank reads only its partitions of each batch, so nothing is read twice, and a source may
	// load what it is asked for. A set that holds only a rank's own share is refused, unless by chance all shares
	// look alike.
	Train, Test dataset.Source
	// Epochs is the number of passes over Train, each without replacement. Default 1. Negative: none; Run then
	// evaluates the model on Test as it is.
	Epochs int
	// BatchSize is the number of samples per step over all ranks together. Default 32. The last batch of an epoch may be
	// short; it counts each of its samples as much as any other batch counts its own.
	BatchSize int
	// Partitions is the number of logical partitions a batch is cut into. Default: the number of ranks. With
	// Sharded the result depends on this number and not on the number of ranks, so fix it (say, 8) to get the
	// same bits on 1, 2, 4 or 8 ranks. A rank keeps one gradient vector for each of its partitions.
	Partitions int
	// Workers is how many of its partitions a rank runs at the same time. Default: GOMAXPROCS. No result depends on it.
	Workers int
	// Seed fixes the order of the samples and every random number drawn in training. Initial weights are the model's own.
	Seed uint64
	// NoShuffle takes the samples in the order of Train, the same in each epoch. Default: each epoch has its own order,
	// drawn from Seed.
	NoShuffle bool
	// Window is how many samples are shuffled at a time where Train is a [dataset.Blocks], whose blocks are shuffled as
	// a whole; see [dataset.Plan]. A larger one shuffles better, and each of a rank's partitions holds one in memory.
	// Default: what 32 MiB hold, from 16 to 65536. Other sources are shuffled as a whole.
	Window int

	// Sync is the strategy of parameter synchronisation. Default [AllReduce].
	Sync Sync
	// Bucket is how many bytes of gradient go out together, as soon as backward has completed them, while it goes on with
	// the rest; the first goes out at 1 MiB. Default 25 MiB. Negative: all at once, after backward. With AllReduce,
	// sums over more than two ranks round differently for another value; with Sharded they do not.
	Bucket int
	// Compress is how gradients travel: none, or rounded to bf16 or fp16, in half the bytes; sums are in float32 all the
	// same. Bf16 has float32's range; fp16 is 8 times as precise and overflows beyond 65504. With it, results depend on the
	// number of ranks under Sharded too. For Float32 models only.
	Compress collectives.Wire
	// ErrorFeedback keeps what Compress rounds away, on each rank, and adds it to the next step's gradient, from the start
	// of an epoch to its end. Checkpoints hold it.
	ErrorFeedback bool
	// SyncBatchNorm makes every layers.BatchNorm normalise over the whole batch, all partitions of all ranks together, as
	// torch.nn.SyncBatchNorm does, instead of each partition over its own part. It is worth it where a partition has few samples.
	// All of a rank's partitions then run at the same time, whatever Workers says, and each normalisation waits for the slowest,
	// once in forward and once in backward. A normalisation over features of one sample (LayerNorm, GroupNorm) needs none of it.
	SyncBatchNorm bool
	// Group is this rank's place among the ranks. Default: a group of one.
	Group *collectives.Group

	// Checkpoint names the file that rank 0 writes as CheckpointWhen says and when training is interrupted. Default
	// "": none. While Run trains, it holds a lock on the file Checkpoint+".lock", so that a second job does not write the
	// same checkpoint: it is refused. The lock ends with the process; where the system has no such locks there is
	// none. The file must be one that can be written: anything else is refused before the first step. All ranks must
	// set Checkpoint, or none.
	Checkpoint string
	// Resume says whether to go on from Checkpoint, to the same bits as an uninterrupted run. Default NoResume.
	//
	// What decides the bits must be as it was: the checkpoint keeps all such fields of Config, and a difference is
	// refused by name. Allowed without a word are more Epochs, if the rates of Schedule do not depend on their
	// number.
	Resume ResumeMode
	// ResumeWith names fields that may differ from those of the checkpoint, as the refusal names them:
	// "Optimizer.LR", "Epochs". "Optimizer" stands for all of the optimizer's fields. The run then has other bits
	// than one with either value throughout.
	ResumeWith []string

	// OnStart, OnStep and OnEpoch, if set, are called on this rank: once before the first step, when it is known what
	// the run resumes from; after each step; and after each epoch, when its checkpoint has been written, or copied to
	// be (see CheckpointMemory). Run calls
	// them on its own goroutine, and trains on when they return. If one of them returns [Stop] on any rank, all ranks
	// end without another step, and Run returns its report and no error; after a step it writes the checkpoint first.
	// Any other error, or a panic, ends the run on all ranks with that error.
	OnStart func(Start) error
	OnStep  func(Step) error
	OnEpoch func(Epoch) error

	// Keep is how many checkpoints there are: the latest in Checkpoint, and those before it beside it, named after the
	// steps since the start of the run: run.step00001200.safetensors beside run.safetensors. Default 1: the latest
	// alone. With 2 or more, a run whose latest is damaged resumes from the one before (see [Start]). A run that begins
	// anew under the name of another drops the other's older ones.
	Keep int
	// KeepBest keeps the checkpoint of the epoch that scored best on Test, too: run.best.safetensors beside
	// run.safetensors. Score says by which number; of equals the first. Such an epoch is a moment for Checkpoint too,
	// whatever CheckpointWhen says.
	KeepBest bool
	// CheckpointMemory is how many bytes rank 0 may take to copy the state to: a checkpoint that fits is written while
	// training goes on, one at a time; OnEpoch may then be called before it is on the disk, and Run does not return
	// before. A larger one is written between two steps, a part at a time. Default 64 MiB. Negative: none is copied.
	CheckpointMemory int64
	// OnWarn, if set, is called on this rank with what went wrong and does not end the run: that a checkpoint could not
	// be written, because the disk is full for instance, or that the latest is damaged. The one before stays, and the next
	// is tried in its time. Default: it goes to [log/slog]'s default logger. If the last checkpoint of a run could not be
	// written, Run returns an error beside its report. Run calls it as it calls OnStep.
	OnWarn func(error)
	// Metrics are computed on Test beside the loss, exactly over all ranks, each under its name; see
	// [Metrics.Values]. They are given the model's output and the batch's Y, or what Output gives. Default: none.
	Metrics []metrics.Metric
	// Output gives what Metrics are given of a batch, where that is not the model's output and Y: with a LossFunc it must
	// be set, if there are Metrics. The target may be a column of the batch. It runs beside the loss, on the same tape.
	Output func(t *autograd.Tape, b *dataset.Batch) (output *autograd.Var, target *tensor.Tensor)
	// Score names what Early, a plateau schedule, MaxScore and the best checkpoint go by: "loss", "accuracy" or the name
	// of one of Metrics, of Test. Default: the first of Metrics; without them, the loss.
	Score string
	// ValidateWhen says after which steps the model is evaluated on Test. Default: EveryEpoch.
	ValidateWhen Trigger
	// CheckpointWhen says after which steps Checkpoint is written. It is also written when training ends or is
	// interrupted. Default: EveryEpoch.
	CheckpointWhen Trigger
	// SummaryWhen says which steps Sinks are given. Default: every step.
	SummaryWhen Trigger
	// HistogramWhen says after which steps those of Sinks that take tensors (see summary.TensorSink) are given every
	// parameter that is trained, by its name. Training waits while they read them. Default: never.
	HistogramWhen Trigger
	// EndWhen ends training, as a callback's [Stop] does, after a step or at the end of an epoch, whose evaluation and
	// checkpoint come first. Epochs ends it all the same; where that is 0, it is as many epochs as EndWhen may
	// need, and an error if there is no such number. A Schedule that goes by the number of steps goes by Epochs.
	EndWhen Trigger
	// Early, if set, ends training when the score of Test no longer improves, and gives the model its best weights.
	Early *EarlyStopping
	// Sinks are given the events of the run, on rank 0. The error of one does not end training: it is given no more,
	// and the others hear of it. See [github.com/tutti-ml/tutti/train/summary].
	Sinks []summary.Sink

	// ClipNorm, if it is above 0, is the largest norm that the gradient of a step has, all parameters together as one
	// vector, on all ranks, the rows of sparse ones too: a longer one is made that long. The norm is summed by fixed blocks
	// in float64, so under Sharded it has the same bits on any number of ranks. With Phases each phase's gradient is
	// measured and clipped by itself. Default 0: no limit. Source: Pascanu, Mikolov and Bengio, arXiv:1211.5063;
	// PyTorch's clip_grad_norm_.
	ClipNorm float64
	// ClipValue, if it is above 0, is the largest magnitude that an element of a step's gradient has: one beyond it is set
	// to it, with its sign. With ClipNorm this comes first. Default 0: no limit. Source: PyTorch's clip_grad_value_.
	ClipValue float64
	// Accumulate is the number of micro-batches that a partition's part of a batch is cut into: they go forward and
	// backward one after the other, their gradients are added, and then the step is taken, so gradients are exchanged once
	// a step. Activations then take about 1/Accumulate of the memory. The loss is that of the batch, whatever it divides
	// by, but batch normalisation sees a micro-batch at a time, and its running statistics move Accumulate times a step. A
	// LossFunc is called for each micro-batch. A gradient rounds otherwise than with another number, on any number of
	// ranks alike. Parts of fewer samples make fewer micro-batches. Default 1.
	Accumulate int
	// OnNotFinite says what to do at a step whose loss or gradient is NaN or infinite, on any rank. Default NotFiniteStop:
	// Run returns an error that wraps ErrNotFinite. With NotFiniteSkip the step counts for the schedule, and changes
	// nothing: no weight, moment, average or running statistic, and not the epoch's metrics. OnStep hears of it as
	// Step.Skipped, and Epoch.Skipped counts.
	OnNotFinite NotFinite
	// MaxSkips is how many steps in a row may be skipped: at the next, Run returns the error. Default 10.
	MaxSkips int
	// Average keeps an average of the weights, and ends with it. Default nil: none.
	Average *Average
	// Mix, if set, trains on mixtures of two samples: mix-up and cut-mix. Default nil: none.
	Mix *Mix
	// Phases, if set, take the place of Loss and Optimizer: a step is several, each of some of the parameters, by a
	// loss and an optimizer of its own. See [Phase]. The loss of a step is then the sum of the phases' losses. Test,
	// Average, ErrorFeedback and NotFiniteSkip don't go with it. What decides the bits under Sharded is the
	// partitions alone, as without; a checkpoint is of a moment between two steps.
	Phases []Phase
}

// Step is the progress of a run after one step.
type Step struct {
	Epoch, Epochs int       // of the run; Epoch counts from 1
	Step, Steps   int       // of the epoch; Step counts from 1
	Samples       int       // in this step's batch, over all ranks
	Loss          float64   // mean over this step's batch
	Losses        []float64 // of Config.Phases, whose sum Loss is
	Skipped       error     // why the step was left out, as Config.OnNotFinite says, wrapping ErrNotFinite; nil: it was taken
	Norm          float64   // of the gradient, before it was clipped; 0 without Config.ClipNorm
}

// withDefaults gives c with every zero field filled in. size is the number of ranks.
func (c Config) withDefaults(size int) Config {
	if c.Optimizer == nil {
		c.Optimizer = optim.SGD{}
	}
	if c.BatchSize == 0 {
		c.BatchSize = 32
	}
	if c.Epochs == 0 {
		c.Epochs = 1
		if c.EndWhen != nil && c.Train != nil {
			steps := dataset.Plan{N: c.Train.Len(), BatchSize: c.BatchSize, Partitions: 1}.Steps()
			c.Epochs = max(1, epochsOf(c.EndWhen, max(steps, 1)))
		}
	}
	c.Epochs = max(c.Epochs, -1)
	if c.Partitions == 0 {
		c.Partitions = size
	}
	if c.Bucket == 0 {
		c.Bucket = defaultBucket
	}
	return c
}

// Validate reports the first field that cannot work, with its value and what it should be. Zero fields that have a
// default are valid.
func (c Config) Validate() error {
	if err := c.validateLoss(); err != nil {
		return err
	}
	switch {
	case c.Train == nil:
		return fmt.Errorf("train: Config.Train is nil, want a dataset.Source")
	case c.Train.Len() == 0:
		return fmt.Errorf("train: Config.Train has 0 samples, want at least 1")
	case c.BatchSize < 0:
		return fmt.Errorf("train: Config.BatchSize = %d, want at least 1", c.BatchSize)
	case c.Partitions < 0:
		return fmt.Errorf("train: Config.Partitions = %d, want at least 1", c.Partitions)
	case c.Window < 0:
		return fmt.Errorf("train: Config.Window = %d, want at least 1", c.Window)
	case c.Workers < 0:
		return fmt.Errorf("train: Config.Workers = %d, want at least 1", c.Workers)
	case c.Compress > collectives.Float16Wire:
		return fmt.Errorf("train: Config.Compress = %d, want Float32Wire, BFloat16Wire or Float16Wire", c.Compress)
	case c.ErrorFeedback && c.Compress == collectives.Float32Wire:
		return fmt.Errorf("train: Config.ErrorFeedback is set and Config.Compress is none: there is no error to feed back")
	case c.Resume > AutoResume:
		return fmt.Errorf("train: Config.Resume = %d, want NoResume, MustResume or AutoResume", c.Resume)
	case c.Resume != NoResume && c.Checkpoint == "":
		return fmt.Errorf("train: Config.Resume is set and Config.Checkpoint is empty, want the file to resume from")
	case c.Resume == NoResume && len(c.ResumeWith) > 0:
		return fmt.Errorf("train: Config.ResumeWith = %q and Config.Resume is not set: nothing is resumed",
			c.ResumeWith)
	}
	if err := c.validateCheckpoint(); err != nil {
		return err
	}
	if err := c.validateStep(); err != nil {
		return err
	}
	if int(c.Sync) >= len(syncNames) {
		return fmt.Errorf("train: Config.Sync = %d, want AllReduce or Sharded", c.Sync)
	}
	rule := c.withDefaults(1).Optimizer
	if err := rule.Validate(); err != nil {
		return fmt.Errorf("train: Config.Optimizer: %w", err)
	}
	for i, g := range c.ParamGroups {
		if err := g.Validate(rule); err != nil {
			return fmt.Errorf("train: Config.ParamGroups[%d]: %w", i, err)
		}
	}
	if err := optim.ValidateSchedule(c.Schedule); err != nil {
		return fmt.Errorf("train: Config.Schedule: %w", err)
	}
	if c.Test != nil {
		got, want := c.Test.Spec(), c.Train.Spec()
		if !reflect.DeepEqual(got.Input().Shape, want.Input().Shape) {
			return fmt.Errorf("train: Config.Test has samples of shape %v, Config.Train of shape %v", got.Input().Shape,
				want.Input().Shape)
		}
	}
	return c.validateProgress()
}

// validateLoss is Validate for what a loss is computed of.
func (c Config) validateLoss() error {
	switch {
	case len(c.Phases) > 0:
		return c.validatePhases()
	case c.Model == nil:
		return fmt.Errorf("train: Config.Model is nil, want a layers.Layer or layers.MultiLayer, or any struct of parameters with LossFunc")
	case c.LossFunc == nil && !layers.IsModel(c.Model):
		return fmt.Errorf("train: Config.Model is a %T, want a layers.Layer or layers.MultiLayer, or set LossFunc", c.Model)
	case c.LossFunc == nil && c.Loss == nil:
		return fmt.Errorf("train: Config.Loss is nil, want a layers.Loss, or set LossFunc")
	case c.LossFunc == nil && reductionOf(c.Loss) == layers.NoReduction:
		return fmt.Errorf("train: Config.Loss is a %T without a reduction, want a mean or a sum", c.Loss)
	case c.LossWeight != nil && c.LossFunc == nil:
		return errors.New("train: Config.LossWeight is set and Config.LossFunc is nil: a Loss says what it " +
			"divides by as a layers.Weigher")
	}
	return nil
}
