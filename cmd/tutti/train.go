package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// trainOptions are the flags of tutti train.
type trainOptions struct {
	data, dataDir, label      string
	model                     string
	epochs, batch, partitions int
	optimizer, schedule       string
	lr, momentum, decay       float64
	group                     []string
	seed                      uint64
	ranks                     int
	sync, transport           string
	algorithm, compress       string
	feedback, tls             bool
	syncNorm                  bool
	out, checkpoint, progress string
	resume                    bool
	timeout                   time.Duration
}

func trainCommand() *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a model: with no flags, a small convnet on 8×8 handwritten digits",
		Long: `Train trains a model on one process, or on all processes of a parallel job: it finds out from its environment whether
tutti launch, mpirun (of a binary built with -tags mpi), Slurm or a torchrun-style launcher started it. Alone, it trains on
--ranks data-parallel ranks in this process. An interrupt stops it after the step it is in, with a checkpoint from which
--resume goes on to the same result.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runTrain(cmd.Context(), &o, cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "digits", "data set: "+strings.Join(dataNames(), ", ")+", or an Arrow IPC file ending in .arrow")
	f.StringVar(&o.dataDir, "data-dir", "", "folder of the data set's files (default: where its Debian package puts them)")
	f.StringVar(&o.label, "label", "label", "label column of an Arrow file; all other columns are input, and a fifth of the rows is held out")
	f.StringVar(&o.model, "model", "", "model: "+strings.Join(modelNames(), ", ")+" (default: the data set's)")
	f.IntVar(&o.epochs, "epochs", 0, "passes over the training set (default: the data set's)")
	f.IntVar(&o.batch, "batch", 0, "samples per step, over all ranks together (default: the data set's)")
	f.StringVar(&o.optimizer, "optimizer", "adam", "optimizer: "+strings.Join(optimizerNames(), ", "))
	f.Float64Var(&o.lr, "lr", 0, "learning rate (default: the data set's for adam, else the optimizer's)")
	f.Float64Var(&o.momentum, "momentum", 0.9, "momentum, for sgd")
	f.Float64Var(&o.decay, "weight-decay", 0, "weight decay")
	f.StringArrayVar(&o.group, "group", nil, "parameters with a learning rate or weight decay of their own, by name: '*.bias:weight-decay=0', '0.*:lr-factor=0.1' or lr=; repeatable, the first that matches counts")
	f.StringVar(&o.schedule, "schedule", "cosine", "learning-rate schedule: cosine (to zero at the end), constant")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the initial weights, the order of the samples and dropout")
	f.IntVar(&o.ranks, "ranks", 2, "data-parallel ranks in this process, where no launcher started it")
	f.IntVar(&o.partitions, "partitions", 0, "logical partitions of a batch; fixes the result of --sync shuffle for any number of ranks (default: the number of ranks)")
	f.StringVar(&o.sync, "sync", "ring", "parameter synchronisation: ring, shuffle")
	f.StringVar(&o.algorithm, "algorithm", "", "how ranks combine vectors: "+algorithmNames()+"; auto measures first (default: the strategy's)")
	f.StringVar(&o.compress, "compress", "none", "how gradients travel: none, bf16, fp16")
	f.BoolVar(&o.feedback, "error-feedback", false, "add what --compress rounds away to the next step's gradient")
	f.BoolVar(&o.syncNorm, "sync-batchnorm", false, "normalise batches over all ranks and partitions together, not each for itself")
	f.StringVar(&o.transport, "transport", "auto", "transport between ranks: "+strings.Join(launch.Transports(), ", "))
	f.BoolVar(&o.tls, "tls", false, "encrypt what goes over TCP, for a third of the bandwidth; what stays on a host is not")
	f.DurationVar(&o.timeout, "timeout", collectives.DefaultTimeout, "how long a rank waits for the others in one operation")
	f.StringVar(&o.out, "out", "", "file for the trained model (default: DATA-MODEL.safetensors)")
	f.StringVar(&o.checkpoint, "checkpoint", "", "file for the checkpoint, kept when training ends (default: DATA-MODEL.checkpoint.safetensors, removed when training ends)")
	f.BoolVar(&o.resume, "resume", false, "go on from the checkpoint, if there is one")
	f.StringVar(&o.progress, "progress", "auto", "progress bar: auto (on a terminal), always, never")
	return cmd
}

func optimizerNames() []string {
	var names []string
	for _, o := range optim.All {
		names = append(names, o.Name())
	}
	return names
}

func modelNames() []string {
	var names []string
	for _, m := range models.All {
		names = append(names, m.Name)
	}
	return names
}

// recipe makes the optimizer and the schedule that the flags describe.
func (o *trainOptions) recipe() (optim.Optimizer, optim.Schedule, error) {
	var rule optim.Optimizer
	switch o.optimizer {
	case "sgd":
		rule = optim.SGD{LR: o.lr, Momentum: o.momentum, WeightDecay: o.decay}
	case "adagrad":
		rule = optim.Adagrad{LR: o.lr, WeightDecay: o.decay}
	case "adam":
		rule = optim.Adam{LR: o.lr, WeightDecay: o.decay}
	case "adamw":
		rule = optim.AdamW{LR: o.lr, WeightDecay: o.decay}
	default:
		return nil, nil, fmt.Errorf("--optimizer %q, want one of %s", o.optimizer, strings.Join(optimizerNames(), ", "))
	}
	if err := rule.Validate(); err != nil {
		return nil, nil, err
	}
	switch o.schedule {
	case "constant":
		return rule, nil, nil
	case "cosine":
		return rule, optim.Cosine{}, nil
	}
	return nil, nil, fmt.Errorf("--schedule %q, want constant or cosine", o.schedule)
}

func algorithmNames() string {
	var names []string
	for _, a := range collectives.Algorithms() {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

// algorithms gives the collectives algorithm that goes with each strategy.
var algorithms = map[train.Sync]collectives.Algorithm{
	train.Ring:             collectives.Ring,
	train.ShuffleBroadcast: collectives.Shuffle,
}

// job is what one command line asks for, the same on every rank.
type job struct {
	*trainOptions
	data     *dataSet
	model    models.Entry
	sync     train.Sync
	combine  collectives.Algorithm
	wire     collectives.Wire
	rule     optim.Optimizer
	schedule optim.Schedule
	params   []optim.Group // with hyper-parameters of their own
	out      io.Writer     // of rank 0
}

// newJob checks the flags and opens the data.
func newJob(o *trainOptions, out io.Writer) (*job, error) {
	j := &job{trainOptions: o, out: out}
	var err error
	if j.sync, err = train.ParseSync(o.sync); err != nil {
		return nil, usageError{err}
	}
	j.combine = algorithms[j.sync]
	if o.algorithm != "" {
		if j.combine, err = collectives.ParseAlgorithm(o.algorithm); err != nil {
			return nil, usageError{err}
		}
	}
	if j.wire, err = collectives.ParseWire(o.compress); err != nil {
		return nil, usageError{err}
	}
	if o.feedback && j.wire == collectives.Float32Wire {
		return nil, usageError{errors.New("--error-feedback is for --compress bf16 or fp16")}
	}
	for _, flag := range []struct {
		name       string
		value, min int
	}{{"epochs", o.epochs, 0}, {"batch", o.batch, 0}, {"ranks", o.ranks, 1}, {"partitions", o.partitions, 0}} {
		if flag.value < flag.min {
			return nil, usageError{fmt.Errorf("--%s %d, want at least %d", flag.name, flag.value, max(flag.min, 1))}
		}
	}
	if o.progress != "auto" && o.progress != "always" && o.progress != "never" {
		return nil, usageError{fmt.Errorf("--progress %q, want auto, always or never", o.progress)}
	}
	if j.data, err = openData(o.data, o.dataDir, o.label); err != nil {
		return nil, err
	}
	if j.model, err = pickModel(o.model, j.data); err != nil {
		return nil, err
	}
	o.epochs, o.batch = cmp.Or(o.epochs, j.data.defaults.epochs), cmp.Or(o.batch, j.data.defaults.batch)
	if o.optimizer == "adam" {
		o.lr = cmp.Or(o.lr, j.data.defaults.rate)
	}
	if j.rule, j.schedule, err = o.recipe(); err != nil {
		return nil, usageError{err}
	}
	if j.params, err = o.groups(j.rule); err != nil {
		return nil, usageError{err}
	}
	o.out = cmp.Or(o.out, j.data.name+"-"+j.model.Name+".safetensors")
	for _, file := range []string{o.out, j.checkpointFile()} { // found out now, and not after the training
		if info, err := os.Stat(filepath.Dir(file)); err != nil {
			return nil, fmt.Errorf("the folder for %s: %w", file, err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("the folder for %s: %s is a file", file, filepath.Dir(file))
		}
	}
	return j, nil
}

// checkpointFile is where the checkpoint goes.
func (j *job) checkpointFile() string {
	return cmp.Or(j.checkpoint, strings.TrimSuffix(j.trainOptions.out, ".safetensors")+".checkpoint.safetensors")
}

func runTrain(ctx context.Context, o *trainOptions, out io.Writer) error {
	j, err := newJob(o, out)
	if err != nil {
		return err
	}
	if !slices.Contains(launch.Transports(), o.transport) {
		return usageError{fmt.Errorf("--transport %q, want one of %s", o.transport, strings.Join(launch.Transports(), ", "))}
	}
	place := launch.Config{Transport: o.transport, TLS: o.tls, Group: collectives.Config{Algorithm: j.combine, Timeout: o.timeout}}
	transport, err := place.Resolve()
	if err != nil {
		return usageError{err}
	}
	if o.tls && (transport == launch.InProc || transport == launch.MPI) {
		return usageError{fmt.Errorf("--tls is for ranks that meet over TCP, and these meet over %s", transport)}
	}
	if transport == launch.InProc {
		where := count(o.ranks, "rank") + " in this process"
		return launch.Local(ctx, o.ranks, place.Group, func(ctx context.Context, g *collectives.Group) error {
			return j.rank(ctx, g, where)
		})
	}
	g, err := launch.Open(ctx, place)
	if err != nil {
		return err
	}
	defer g.Close()
	return j.rank(ctx, g, fmt.Sprintf("%s over %s", count(g.Size(), "rank"), transport))
}

// rank is the whole job of one rank; rank 0 speaks for all.
func (j *job) rank(ctx context.Context, g *collectives.Group, where string) error {
	spec := j.data.train.Spec()
	model := j.model.New(rand.New(rand.NewPCG(j.seed, 0)), spec.Shape, spec.Classes)
	config := train.Config{
		Model: model, Loss: layers.CrossEntropy{}, Optimizer: j.rule, Groups: j.params, Schedule: j.schedule,
		Train: j.data.train, Test: j.data.test, Epochs: j.epochs, BatchSize: j.batch, Partitions: j.partitions,
		Seed: j.seed, Sync: j.sync, Compress: j.wire, ErrorFeedback: j.feedback, SyncBatchNorm: j.syncNorm, Group: g, Checkpoint: j.checkpointFile(), Resume: j.resume,
	}
	if j.combine == collectives.Auto && g.Size() > 1 {
		if _, err := collectives.Tune(ctx, g); err != nil {
			return err
		}
	}
	if g.Rank() == 0 {
		j.header(model, g, where)
		screen := newScreen(j.out, j.progress, j.epochs)
		defer screen.close()
		config.OnStep, config.OnEpoch = screen.step, screen.epoch
	}
	report, err := train.Run(ctx, config)
	if err != nil {
		return err
	}
	if g.Rank() != 0 {
		return collectives.Barrier(ctx, g)
	}
	if err := j.finish(model, report); err != nil {
		return err
	}
	return collectives.Barrier(ctx, g)
}

// finish writes the model and says how it went.
func (j *job) finish(model layers.Layer, report *train.Report) error {
	test := report.Test()
	path := j.trainOptions.out
	err := layers.Save(path, model, map[string]string{
		"tutti.model": j.model.Name, "tutti.data": j.data.name, "tutti.test_accuracy": fmt.Sprintf("%.4f", test.Accuracy()),
	})
	if err != nil {
		return err
	}
	if j.checkpoint == "" {
		if err := os.Remove(j.checkpointFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	fmt.Fprintf(j.out, "test accuracy %.2f %% (%d of %d), %.0f samples/s, %.1f s training\nmodel written to %s\n",
		100*test.Accuracy(), test.Correct, test.Samples, report.SamplesPerSecond(), report.Elapsed.Seconds(), path)
	return nil
}

// header says what is about to be trained, on what, by which kernels.
func (j *job) header(model layers.Layer, g *collectives.Group, where string) {
	fmt.Fprintf(j.out, "data     %s: %d training and %d test samples of %v\n",
		j.data.name, j.data.train.Len(), j.data.test.Len(), j.data.train.Spec().Shape)
	fmt.Fprintf(j.out, "model    %s, %d parameters\n", j.model.Name, layers.Count(model))
	fmt.Fprintf(j.out, "ranks    %s, sync %v, GOMAXPROCS %d\n", where, j.sync, runtime.GOMAXPROCS(0))
	if g.Size() > 1 {
		how := g.Explain()
		if j.wire != collectives.Float32Wire {
			how = fmt.Sprintf("gradients in %v, shuffled, to be rounded only once; else %s", j.wire, how)
		}
		fmt.Fprintf(j.out, "exchange %s\n", how)
	}
	if warning := launch.Warning(); warning != "" {
		fmt.Fprintf(j.out, "warning  %s\n", warning)
	}
	fmt.Fprintf(j.out, "kernels  %s\n", kernels())
	fmt.Fprintf(j.out, "training %s of batch %d, %s %g, seed %d\n", count(j.epochs, "epoch"), j.batch, j.rule.Name(), j.rule.Rate(), j.seed)
}

// count gives "1 rank" or "2 ranks".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
