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
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// trainOptions are the flags of tutti train.
type trainOptions struct {
	data, dataDir, test       string
	inputs, categories        []string
	target, task, shape       string
	fill                      string
	holdout                   float64
	standardise               bool
	read                      []string
	images, augment           string
	imageSize                 int
	gray                      bool
	model, loss               string
	modelSet                  []string
	epochs, batch, partitions int
	optimizer, schedule       string
	optimizerSet, scheduleSet []string
	rate                      float64 // the data set's for adam
	group                     []string
	seed                      uint64
	ranks                     int
	sync, transport           string
	algorithm, compress       string
	feedback, tls             bool
	syncNorm                  bool
	out, checkpoint, progress string
	resume                    string
	resumeWith                []string
	loop                      loopOptions
	watch                     watchOptions
	config                    string
	printConfig               bool
	timeout                   time.Duration
}

func trainCommand() *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a model: with no flags, a small convnet on 8×8 handwritten digits",
		Long: `Train trains a model on one process, or on all processes of a parallel job: it finds out from its environment whether
tutti launch, mpirun (of a binary built with -tags mpi), Slurm or a torchrun-style launcher started it. Alone, it trains on
--ranks data-parallel ranks in this process. An interrupt, SIGTERM or SIGHUP stops it after the step it is in, with a
checkpoint from which --resume goes on to the same result, and the exit code 130, 143 or 129; what decides the result
must be as it was, but for what --resume-with names.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runTrain(cmd.Context(), &o, cmd.Flags(), cmd.OutOrStdout())
		},
	}
	f := trainFlags(&o)
	cmd.Flags().SetNormalizeFunc(f.GetNormalizeFunc())
	cmd.Flags().AddFlagSet(f)
	cmd.Flags().SortFlags = false
	return cmd
}

// trainFlags defines the flags of tutti train.
func trainFlags(o *trainOptions) *pflag.FlagSet {
	f := pflag.NewFlagSet("train", pflag.ContinueOnError)
	f.SortFlags = false
	dataFlags(f, o)
	f.StringVar(&o.model, "model", "", "model: "+strings.Join(modelNames(),
		", ")+" (default: the data set's, mlp for files)")
	f.StringArrayVar(&o.modelSet, "model-set", nil,
		"an option of the model, as hidden=64,32; repeatable; a wrong name lists the right ones")
	f.StringVar(&o.loss, "loss", "", "loss: "+strings.Join(lossNames(),
		", ")+", with options as in cross-entropy:label-smoothing=0.1 (default: the task's)")
	f.IntVar(&o.epochs, "epochs", 0,
		"passes over the training set; 0 evaluates the model and writes it (default: the data set's)")
	f.IntVar(&o.batch, "batch", 0, "samples per step, over all ranks together (default: the data set's)")
	recipeFlags(f, o)
	f.StringArrayVar(&o.group, "group", nil,
		"parameters with a learning rate or weight decay of their own, by name: '*.bias:weight-decay=0', '0.*:lr-factor=0.1' or lr=; repeatable, the first that matches counts")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the initial weights, the order of the samples and dropout")
	f.IntVar(&o.ranks, "ranks", 2, "data-parallel ranks in this process, where no launcher started it")
	f.IntVar(&o.partitions, "partitions", 0, "logical partitions of a batch; fixes the result of "+
		"--sync sharded for any number of ranks (default: the number of ranks)")
	f.StringVar(&o.sync, "sync", "allreduce",
		"parameter synchronisation: allreduce, sharded; ring is allreduce by the ring, shuffle is sharded")
	f.StringVar(&o.algorithm, "algorithm", "",
		"how ranks combine vectors: "+algorithmNames()+"; auto measures first (default: the strategy's)")
	f.StringVar(&o.compress, "compress", "none", "how gradients travel: none, bf16, fp16")
	f.BoolVar(&o.feedback, "error-feedback", false, "add what --compress rounds away to the next step's gradient")
	f.BoolVar(&o.syncNorm, "sync-batchnorm", false,
		"normalise batches over all ranks and partitions together, not each for itself")
	f.StringVar(&o.transport, "transport", "auto", "transport between ranks: "+strings.Join(launch.Transports(), ", "))
	f.BoolVar(&o.tls, "tls", false,
		"encrypt what goes over TCP, for a third of the bandwidth; what stays on a host is not")
	durationVar(f, &o.timeout, "timeout", collectives.DefaultTimeout,
		"how long a rank waits for the others in one operation")
	f.StringVar(&o.out, "out", "",
		"file for the trained model; a device or a fifo is written to (default: DATA-MODEL.safetensors)")
	f.StringVar(&o.checkpoint, "checkpoint", "",
		"file for the checkpoint, kept when training ends (default: DATA-MODEL.checkpoint.safetensors, removed when training ends)")
	resumeFlags(f, &o.resume, &o.resumeWith)
	loopFlags(f, &o.loop)
	watchFlags(f, &o.watch)
	f.StringVar(&o.config, "config", "",
		"YAML file with these flags under their names; those given here win; - is standard input")
	f.BoolVar(&o.printConfig, "print-config", false, "print the job as such a file, all of it, and train nothing")
	f.StringVar(&o.progress, "progress", "auto", "progress bar: auto (on a terminal), always, never")
	return f
}

func modelNames() []string {
	var names []string
	for _, m := range models.All {
		names = append(names, m.Name)
	}
	return names
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
	train.AllReduce: collectives.Ring,
	train.Sharded:   collectives.Shuffle,
}

// job is what one command line asks for, the same on every rank.
type job struct {
	*trainOptions
	data     *dataSet
	base     train.Config // of all ranks, without what each has of its own
	endless  bool         // no number of epochs was given, and EndWhen ends it
	model    models.Entry
	options  map[string]any // of the model
	loss     layers.Loss
	sync     train.Sync
	combine  collectives.Algorithm
	wire     collectives.Wire
	rule     optim.Optimizer
	schedule optim.Schedule
	params   []optim.Group // with hyper-parameters of their own
	out      io.Writer     // of rank 0
}

// newJob checks the flags and opens the data.
func newJob(ctx context.Context, o *trainOptions, flags *pflag.FlagSet, out io.Writer) (j *job, err error) {
	j = &job{trainOptions: o, out: out}
	if err := plainNames(flags, "data", "data-dir", "test", "out", "checkpoint"); err != nil {
		return nil, err
	}
	if j.sync, err = train.ParseSync(o.sync); err != nil {
		return nil, usageError{err}
	}
	j.combine = algorithms[j.sync]
	if o.algorithm != "" {
		if j.combine, err = collectives.ParseAlgorithm(o.algorithm); err != nil {
			return nil, usageError{err}
		}
		if o.sync == "ring" && j.combine != collectives.Ring {
			return nil, usageError{fmt.Errorf("--sync ring is allreduce by the ring, and --algorithm is %v: "+
				"want --sync allreduce", j.combine)}
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
	}{{"epochs", o.epochs, 0}, {"batch", o.batch, 1}, {"ranks", o.ranks, 1}, {"partitions", o.partitions, 1}} {
		if flags.Changed(flag.name) && flag.value < flag.min {
			return nil, usageError{fmt.Errorf("--%s %d, want at least %d", flag.name, flag.value, flag.min)}
		}
	}
	if o.resume == "" && len(o.resumeWith) > 0 {
		return nil, usageError{errors.New("--resume-with is for --resume")}
	}
	if o.progress != "auto" && o.progress != "always" && o.progress != "never" {
		return nil, usageError{fmt.Errorf("--progress %q, want auto, always or never", o.progress)}
	}
	if err := o.openData(ctx, j, flags); err != nil {
		return nil, err
	}
	defer func(d *dataSet) {
		if err != nil {
			d.close()
		}
	}(j.data)
	if j.model, err = pickModel(o.model, j.data); err != nil {
		return nil, err
	}
	if j.options, err = parseSettings("model-set", o.modelSet); err != nil {
		return nil, usageError{err}
	}
	if j.loss, err = lossFor(o.loss, j.data.layout.Task); err != nil {
		return nil, err
	}
	if j.endless = o.loop.end != "" && !flags.Changed("epochs"); !flags.Changed("epochs") {
		o.epochs = j.data.defaults.epochs
	}
	if !flags.Changed("batch") {
		o.batch = j.data.defaults.batch
	}
	o.rate = j.data.defaults.rate
	if j.rule, j.schedule, err = o.recipe(flags); err != nil {
		return nil, usageError{err}
	}
	if j.params, err = o.groups(j.rule); err != nil {
		return nil, usageError{err}
	}
	o.out = cmp.Or(o.out, j.defaultOut())
	if err := cmp.Or(o.loop.config(&j.base, flags), j.data.layout.measures(j.base.Metrics)); err != nil {
		return nil, err
	}
	return j, o.watch.check()
}

// checkFiles refuses, before anything is trained, files that could not be written after it.
func (j *job) checkFiles() error {
	out, checkpoint := j.trainOptions.out, j.checkpointFile()
	if err := atomicfile.Check(out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := atomicfile.CheckRegular(checkpoint); err != nil {
		return fmt.Errorf("--checkpoint: %w", err)
	}
	if atomicfile.Same(out, checkpoint) {
		return usageError{fmt.Errorf("--out %s and --checkpoint %s are one file", out, checkpoint)}
	}
	return nil
}

// agreeOnFiles is checkFiles for ranks in several processes: rank 0 writes, so it looks, and the others hear from it.
func (j *job) agreeOnFiles(ctx context.Context, g *collectives.Group) error {
	failed := []uint8{0}
	var err error
	if g.Rank() == 0 {
		if err = j.checkFiles(); err != nil {
			failed[0] = 1
		}
	}
	if told := collectives.Broadcast(ctx, g, failed, 0); told != nil {
		return cmp.Or(err, told)
	}
	if err == nil && failed[0] != 0 {
		return errors.New("rank 0 cannot write its files")
	}
	return err
}

// checkpointFile is where the checkpoint goes: beside the model, or where that would be if --out is a device.
func (j *job) checkpointFile() string {
	model := j.trainOptions.out
	if atomicfile.Through(model) {
		model = j.defaultOut()
	}
	return cmp.Or(j.checkpoint, strings.TrimSuffix(model, ".safetensors")+".checkpoint.safetensors")
}

// defaultOut is where the model goes if nothing says where.
func (j *job) defaultOut() string { return j.data.name + "-" + j.model.Name + ".safetensors" }

func runTrain(ctx context.Context, o *trainOptions, flags *pflag.FlagSet, out io.Writer) error {
	if o.config != "" {
		if err := applyJob(flags, o.config); err != nil {
			return err
		}
	}
	j, err := newJob(ctx, o, flags, out)
	if err != nil {
		return err
	}
	defer j.data.close()
	if o.printConfig {
		return printJob(out, flags, j.effective(flags))
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
		if err := j.fits(o.ranks, max(o.ranks, o.partitions)); err != nil {
			return err
		}
		if err := j.checkFiles(); err != nil {
			return err
		}
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
	if err := j.fits(1, (o.partitions+g.Size()-1)/g.Size()); err != nil {
		return err
	}
	if err := j.agreeOnFiles(ctx, g); err != nil {
		return err
	}
	return j.rank(ctx, g, fmt.Sprintf("%s over %s", count(g.Size(), "rank"), transport))
}

// rank is the whole job of one rank; rank 0 speaks for all.
func (j *job) rank(ctx context.Context, g *collectives.Group, where string) error {
	model, err := j.newModel()
	if err != nil {
		return err
	}
	config := j.base
	config.Model, config.Loss = model, j.loss
	config.Optimizer, config.ParamGroups, config.Schedule = j.rule, j.params, j.schedule
	config.Train, config.Test, config.Epochs, config.BatchSize = j.data.train, j.data.test, j.configEpochs(), j.batch
	config.Partitions, config.Seed, config.Sync, config.Compress = j.partitions, j.seed, j.sync, j.wire
	config.ErrorFeedback, config.SyncBatchNorm, config.Group = j.feedback, j.syncNorm, g
	config.Checkpoint = j.checkpointFile()
	config.Resume, config.ResumeWith = resumeMode(j.resume), resumeFields(j.resumeWith)
	if j.combine == collectives.Auto && g.Size() > 1 {
		if _, err := collectives.Tune(ctx, g); err != nil {
			return err
		}
	}
	if g.Rank() == 0 {
		watch, err := j.watch.open(os.Stderr)
		if err != nil {
			return err
		}
		defer watch.Close()
		config.Sinks = watch.sinks
		config.OnStart = func(s train.Start) error {
			if config.Resume != train.NoResume {
				fmt.Fprintln(j.out, resumed(s, config.Checkpoint))
			}
			j.header(model, g, where)
			if watch.url != "" {
				fmt.Fprintf(j.out, "page     %s\n", watch.url)
			}
			return nil
		}
		screen := newScreen(j.out, j.progress, j.epochs)
		defer screen.close()
		config.OnStep, config.OnEpoch = screen.step, screen.epoch
	}
	report, err := train.Run(ctx, config)
	if err != nil {
		return j.data.layout.hint(err)
	}
	// The job is done but for the writing: an interrupt does not end it any more, and the others wait for rank 0.
	done := collectives.Patiently(context.WithoutCancel(ctx))
	test := report.Test()
	if config.Early != nil && config.Test != nil { // of the best weights, which need not be the last
		if test, err = train.Evaluate(done, config, config.Test); err != nil {
			return err
		}
	}
	if g.Rank() == 0 {
		if err := j.finish(model, report, test); err != nil {
			return err
		}
	}
	return collectives.Barrier(done, g)
}

// newModel makes the model with the weights that training starts from.
func (j *job) newModel() (any, error) {
	model, err := j.model.Build(rand.New(rand.NewPCG(j.seed, 0)), j.data.layout.data(), j.options)
	if err != nil {
		return nil, usageError{err}
	}
	return model, nil
}

// fits refuses more ranks and partitions in this process than its memory takes.
func (j *job) fits(ranks, partitions int) error {
	if ranks+partitions <= 16 { // not worth making a model to count its parameters
		return nil
	}
	model, err := j.newModel()
	if err != nil {
		return err
	}
	return fits(layers.Count(model), ranks, partitions)
}

// configEpochs is the number of epochs as train.Config says it, where a negative number is none.
func (j *job) configEpochs() int {
	switch {
	case j.endless:
		return 0
	case j.epochs == 0:
		return -1
	}
	return j.epochs
}

// finish writes the model and says how it went.
func (j *job) finish(model any, report *train.Report, test train.Metrics) error {
	path := j.trainOptions.out
	mine, missing := os.Stat(j.checkpointFile()) // as Run has left it
	meta, err := j.meta()
	if err != nil {
		return err
	}
	meta["tutti.data"] = j.data.name
	if j.data.test != nil && test.Correct >= 0 {
		meta["tutti.test_accuracy"] = fmt.Sprintf("%.4f", test.Accuracy())
	}
	for _, v := range test.Values {
		if !strings.Contains(v.Name, "/") { // a part of it
			meta["tutti.test_"+v.Name] = fmt.Sprintf("%.6g", v.Value)
		}
	}
	if err := layers.Save(path, model, meta); err != nil {
		return err
	}
	// Another job may have begun here since Run let go of the checkpoint: what it has written stays.
	if now, err := os.Stat(j.checkpointFile()); j.checkpoint == "" && j.loop.keep == 1 && !j.loop.keepBest &&
		missing == nil && err == nil && os.SameFile(mine, now) {
		if err := os.Remove(j.checkpointFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if report.Why != "" {
		fmt.Fprintln(j.out, "stopped ", report.Why)
	}
	switch {
	case j.data.test == nil:
		fmt.Fprint(j.out, "nothing was held out to test on")
	case test.Correct >= 0:
		fmt.Fprintf(j.out, "test accuracy %.2f %% (%d of %d)", 100*test.Accuracy(), test.Correct, test.Samples)
	default:
		fmt.Fprintf(j.out, "test loss %.6g (%d samples)", test.Loss, test.Samples)
	}
	fmt.Fprintf(j.out, ", %.0f samples/s, %.1f s training\nmodel written to %s\n", report.SamplesPerSecond(),
		report.Elapsed.Seconds(), path)
	return nil
}

// header says what is about to be trained, on what, by which kernels.
func (j *job) header(model any, g *collectives.Group, where string) {
	held := 0
	if j.data.test != nil {
		held = j.data.test.Len()
	}
	fmt.Fprintf(j.out, "data     %s: %d training and %d test samples of %s\n", j.data.name, j.data.train.Len(), held,
		j.data.layout.summary())
	for _, note := range j.data.notes() {
		fmt.Fprintf(j.out, "note     %s\n", note)
	}
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
	long := count(j.epochs, "epoch")
	if j.endless {
		long = j.loop.end + ","
	}
	fmt.Fprintf(j.out, "training %s of batch %d, %s %g, seed %d\n", long, j.batch, j.rule.Name(), j.rule.Rate(), j.seed)
}

// count gives "1 rank" or "2 ranks".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// effective gives the values that the job has decided for flags that were not given.
func (j *job) effective(flags *pflag.FlagSet) map[string]string {
	values := map[string]string{
		"model": j.model.Name, "epochs": strconv.Itoa(j.epochs), "batch": strconv.Itoa(j.batch), "out": j.trainOptions.out,
		"data": jobScalar(flags.Lookup("data"), j.trainOptions.data),
	}
	values["out"] = jobScalar(flags.Lookup("out"), values["out"])
	if j.optimizer == "adam" && !slices.ContainsFunc(j.optimizerSet, func(s string) bool {
		return strings.HasPrefix(s,
			"lr=")
	}) {
		values["lr"] = strconv.FormatFloat(j.rule.Rate(), 'g', -1, 64)
	}
	return values
}
