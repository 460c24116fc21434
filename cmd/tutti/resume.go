package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tutti-ml/tutti/train"
)

// The flags of going on from a checkpoint.

// resumeFlags defines --resume, which needs no value, and --resume-with.
func resumeFlags(f *pflag.FlagSet, mode *string, with *[]string) {
	f.Var((*resumeValue)(mode), "resume", "go on from the checkpoint, to the result of a job that was never "+
		"stopped; =auto: if there is one, for jobs that are queued again")
	f.Lookup("resume").NoOptDefVal = "must"
	f.StringArrayVar(with, "resume-with", nil, "go on though this differs from the job that wrote the "+
		"checkpoint, to a result of neither: a flag, or the name that the refusal gives; repeatable")
}

// resumeValue is "must", "auto" or empty.
type resumeValue string

func (v *resumeValue) String() string { return string(*v) }
func (*resumeValue) Type() string     { return "mode" }

func (v *resumeValue) Set(s string) error {
	switch s {
	case "must", "true":
		*v = "must"
	case "auto":
		*v = "auto"
	case "no", "false":
		*v = ""
	default:
		return fmt.Errorf("want --resume or --resume=auto")
	}
	return nil
}

func resumeMode(mode string) train.ResumeMode {
	return map[string]train.ResumeMode{"must": train.MustResume, "auto": train.AutoResume}[mode]
}

// fieldsOfFlags gives the fields of train.Config, as checkpoints name them, that flags of train decide.
var fieldsOfFlags = map[string]string{
	"accumulate":     "Accumulate",
	"algorithm":      "Group.Algorithm",
	"average":        "Average",
	"batch":          "BatchSize",
	"bucket":         "Bucket",
	"clip-norm":      "ClipNorm",
	"clip-value":     "ClipValue",
	"compress":       "Compress",
	"data":           "Train",
	"epochs":         "Epochs",
	"error-feedback": "ErrorFeedback",
	"group":          "ParamGroups",
	"lr":             "Optimizer.LR",
	"model":          "Model",
	"loss":           "Loss",
	"metric":         "Metrics",
	"no-shuffle":     "NoShuffle",
	"on-not-finite":  "OnNotFinite",
	"patience":       "Early",
	"score":          "Score",
	"test":           "Test",
	"window":         "Window",
	"momentum":       "Optimizer.Momentum",
	"optimizer":      "Optimizer",
	"partitions":     "Partitions",
	"ranks":          "Group.Size",
	"schedule":       "Schedule",
	"seed":           "Seed",
	"sync":           "Sync",
	"sync-batchnorm": "SyncBatchNorm",
	"weight-decay":   "Optimizer.WeightDecay",
}

// resumeFields gives the fields that --resume-with names, by flag or by themselves.
func resumeFields(names []string) []string {
	var fields []string
	for _, name := range names {
		if field, ok := fieldsOfFlags[strings.TrimPrefix(name, "--")]; ok {
			name = field
		}
		fields = append(fields, name)
	}
	return fields
}

// resumed says what a job goes on from.
func resumed(s train.Start, file string) string {
	if !s.Resumed {
		return fmt.Sprintf("resume   nothing: there is no %s, so training starts anew", file)
	}
	text := fmt.Sprintf("resume   %s: %s and %d of %d steps are done", file, count(s.Epoch, "epoch"), s.Step, s.Steps)
	switch {
	case len(s.Differ) > 0:
		text += "; other bits than an uninterrupted job's, as " + strings.Join(s.Differ, ", ")
	case !s.SameBits:
		text += "; other bits than an uninterrupted job's, as the error feedback of this epoch is lost"
	}
	return text
}
