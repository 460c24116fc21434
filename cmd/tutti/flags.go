package main

// Flag values that are checked when they are read, and checks that several commands share.

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/pflag"
)

// durationVar defines a flag for a duration above 0.
func durationVar(f *pflag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	f.Var((*positiveDuration)(p), name, usage)
}

type positiveDuration time.Duration

func (d *positiveDuration) String() string { return time.Duration(*d).String() }
func (*positiveDuration) Type() string     { return "duration" }

func (d *positiveDuration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil {
		return err
	}
	if v <= 0 {
		return errors.New("want a duration above 0, as 500ms or 2m")
	}
	*d = positiveDuration(v)
	return nil
}

// countVar defines a flag for a whole number from 1.
func countVar(f *pflag.FlagSet, p *int, name string, value int, usage string) {
	*p = value
	f.Var((*positiveCount)(p), name, usage)
}

type positiveCount int

func (c *positiveCount) String() string { return strconv.Itoa(int(*c)) }
func (*positiveCount) Type() string     { return "int" }

func (c *positiveCount) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil {
		return errors.New("want a whole number")
	}
	if v < 1 {
		return errors.New("want at least 1")
	}
	*c = positiveCount(v)
	return nil
}

// plainNames refuses names with control characters, which would break the lines in which they are shown.
func plainNames(flags *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if err := plainName("--"+name, flags.Lookup(name).Value.String()); err != nil {
			return err
		}
	}
	return nil
}

// plainName is plainNames for one value, of what.
func plainName(what, value string) error {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return usageError{fmt.Errorf("%s %q has a control character in it", what, value)}
	}
	return nil
}

// ignored refuses flags that were given and would change nothing, because of why.
func ignored(flags *pflag.FlagSet, why string, names ...string) error {
	given := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !flags.Changed(name) })
	if len(given) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("--%s has no effect: %s", strings.Join(given, ", --"), why)}
}
