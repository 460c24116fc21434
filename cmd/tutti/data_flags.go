package main

// The flags that say what to train on.

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

func dataFlags(f *pflag.FlagSet, o *trainOptions) {
	f.StringVar(&o.data, "data", "digits", "data: "+strings.Join(dataNames(),
		", ")+", or a file, a pattern or a folder of "+
		endings(false)+" files; csv:NAME says the format")
	f.StringVar(&o.dataDir, "data-dir", "",
		"folder of the files of a data set known by name (default: where its Debian package puts them)")
	f.StringVar(&o.test, "test", "", "files to test on, read as --data is (default: a part of --data, see --holdout)")
	f.Float64Var(&o.holdout, "holdout", 0.2,
		"what part of the rows of --data is held out to test on, each class in proportion; 0: none")
	f.StringVar(&o.target, "target", "label", "column to predict")
	f.StringSliceVar(&o.inputs, "inputs", nil, "input columns (default: all others)")
	f.StringSliceVar(&o.categories, "categories", nil,
		"columns whose integers are numbers of categories, 0, 1, 2 ..., and no measurements; text always is; a list is words")
	f.StringVar(&o.task, "task", "", "what the target is: "+strings.Join(tasks, ", ")+" (default: by its type)")
	f.StringVar(&o.shape, "shape", "",
		"shape of the numbers of a sample, as 1,28,28 for images in lists (default: side by side)")
	f.StringVar(&o.fill, "fill", "", "number in place of missing ones (default: a missing value is an error)")
	f.BoolVar(&o.standardise, "standardise", true,
		"bring the numbers of files to mean 0 and deviation 1, as the training rows have them")
	f.StringVar(&o.images, "images", "", "input column of images: their paths or bytes (default of images:FOLDER: file)")
	f.IntVar(&o.imageSize, "image-size", 224, "pixels each way to which images are brought")
	f.BoolVar(&o.gray, "gray", false, "take images in grey")
	f.StringVar(&o.augment, "augment", "flip", "how images are varied in training: "+strings.Join(augments, ", "))
	f.StringArrayVar(&o.read, "read", nil, readHelp)
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "label" { // its name before
			name = "target"
		}
		return pflag.NormalizedName(name)
	})
}

// fileFlags are those that only files have.
var fileFlags = []string{"test", "holdout", "target", "inputs", "categories", "task", "shape", "fill",
	"standardise", "read",
	"images", "image-size", "gray", "augment"}

// openData opens the data that the flags describe.
func (o *trainOptions) openData(ctx context.Context, j *job, flags *pflag.FlagSet) (err error) {
	d := dataOptions{data: o.data, dir: o.dataDir, test: o.test, holdout: o.holdout, read: o.read,
		standardise: o.standardise}
	known := slices.Contains(dataNames(), o.data)
	if known {
		err = ignored(flags, "what is in "+o.data+" is known", fileFlags...)
	} else {
		err = ignored(flags, o.data+" is no data set known by name", "data-dir")
	}
	switch {
	case err != nil:
		return err
	case !(o.holdout >= 0 && o.holdout < 1):
		return usageError{fmt.Errorf("--holdout %v, want a number from 0 and below 1", o.holdout)}
	case o.test != "" && flags.Changed("holdout"):
		return usageError{fmt.Errorf("--test %s and --holdout %v are both given", o.test, o.holdout)}
	}
	if _, format := cutFormat(o.data); format != nil && format.name == "images" && !flags.Changed("images") {
		o.images = "file"
		if !flags.Changed("target") {
			o.target = "class"
		}
	}
	if o.images == "" {
		if err := ignored(flags, "there are no --images", "image-size", "gray", "augment"); err != nil {
			return err
		}
	}
	switch {
	case !slices.Contains(augments, o.augment):
		return usageError{fmt.Errorf("--augment %q, want one of %s", o.augment, strings.Join(augments, ", "))}
	case o.imageSize < 1 || o.imageSize > 1<<13:
		return usageError{fmt.Errorf("--image-size %d, want a number from 1 to %d", o.imageSize, 1<<13)}
	}
	d.augment, d.seed = o.augment, o.seed
	d.columns = layoutOptions{inputs: o.inputs, categories: o.categories, target: o.target, task: o.task,
		images: o.images, image: newImageForm(o.imageSize, o.gray)}
	if o.shape != "" {
		for dim := range strings.SplitSeq(o.shape, ",") {
			n, err := strconv.Atoi(dim)
			if err != nil || n < 1 {
				return usageError{fmt.Errorf("--shape %q, want whole numbers from 1 between commas", o.shape)}
			}
			d.columns.shape = append(d.columns.shape, n)
		}
	}
	if o.fill != "" {
		v, err := strconv.ParseFloat(o.fill, 64)
		if err != nil {
			return usageError{fmt.Errorf("--fill %q, want a number", o.fill)}
		}
		d.columns.fill = &v
	}
	j.data, err = openData(ctx, d)
	return err
}
