package main

// A job as a YAML file: the flags of tutti train under their names, and what one flag cannot say well as a map.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/tutti-ml/tutti/internal/nearest"
)

// maxJob is the largest job file, in bytes.
const maxJob = 1 << 20

// jobEntry is one key of a job file.
type jobEntry struct {
	key    string
	line   int
	list   bool     // it stands as a list
	isMap  bool     // it stands as a map, of a name and fields
	values []string // of a scalar one; of a map its fields, as FIELD=VALUE
	name   string   // of a map
}

// lineError is an error in a line of a file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

func atLine(n *yaml.Node, format string, args ...any) error {
	return &lineError{n.Line, fmt.Errorf(format, args...)}
}

// parseJob reads a job file: one map of names to scalars, lists of scalars, or maps of fields.
func parseJob(text []byte) ([]jobEntry, error) {
	if len(text) > maxJob {
		return nil, fmt.Errorf("has %d bytes, %d are the limit", len(text), maxJob)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one document: want one")
	}
	if len(doc.Content) != 1 {
		return nil, nil
	}
	root := follow(doc.Content[0])
	if root.Kind != yaml.MappingNode {
		if root.Tag == "!!null" {
			return nil, nil
		}
		return nil, atLine(root, "want a map of names and values, as epochs: 3")
	}
	var entries []jobEntry
	seen := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], follow(root.Content[i+1])
		name := strings.ReplaceAll(key.Value, "_", "-")
		switch before, twice := seen[name]; {
		case key.Kind != yaml.ScalarNode || name == "":
			return nil, atLine(key, "want a name before the colon")
		case twice:
			return nil, atLine(key, "%s is given twice, before in line %d", name, before)
		}
		seen[name] = key.Line
		e, err := entryOf(name, key.Line, value)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// follow gives what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func entryOf(key string, line int, n *yaml.Node) (jobEntry, error) {
	e := jobEntry{key: key, line: line}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return e, atLine(n, "%s has no value", key)
		}
		e.values = []string{n.Value}
	case yaml.SequenceNode:
		e.list = true
		for _, item := range n.Content {
			if item = follow(item); item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
				return e, atLine(item, "%s: want a list of single values", key)
			}
			e.values = append(e.values, item.Value)
		}
	case yaml.MappingNode:
		e.isMap = true
		return e, e.flatten("", n, 0)
	default:
		return e, atLine(n, "%s has no value", key)
	}
	return e, nil
}

// maxFields bounds what a map may hold, aliases followed.
const maxFields = 1000

// flatten adds the fields of a map as FIELD=VALUE, with names of maps within before theirs: then.floor=0.1.
func (e *jobEntry) flatten(prefix string, n *yaml.Node, depth int) error {
	if depth > 8 {
		return atLine(n, "%s: maps are nested more than 8 deep", e.key)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], follow(n.Content[i+1])
		if key.Kind != yaml.ScalarNode || key.Value == "" || strings.ContainsAny(key.Value,
			".=") && prefix == "" && e.key != "read" {
			return atLine(key, "%s: want a name before the colon", e.key)
		}
		if len(e.values) > maxFields {
			return atLine(key, "%s has more than %d fields", e.key, maxFields)
		}
		if err := e.field(prefix, key.Value, value, depth); err != nil {
			return err
		}
	}
	return nil
}

// field adds one field of a map.
func (e *jobEntry) field(prefix, key string, n *yaml.Node, depth int) error {
	path := prefix + key
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		switch {
		case path == "name":
			e.name = n.Value
		case key == "name":
			e.values = append(e.values, strings.TrimSuffix(prefix, ".")+"="+n.Value)
		default:
			e.values = append(e.values, path+"="+n.Value)
		}
	case n.Kind == yaml.MappingNode:
		return e.flatten(path+".", n, depth+1)
	case n.Kind == yaml.SequenceNode:
		var names []string
		for i, item := range n.Content {
			item = follow(item)
			if item.Kind == yaml.MappingNode {
				within := jobEntry{key: e.key}
				if err := within.flatten("", item, depth+1); err != nil {
					return err
				}
				names = append(names, within.name)
				for _, v := range within.values {
					e.values = append(e.values, fmt.Sprintf("%s.%d.%s", path, i, v))
				}
				continue
			}
			if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
				return atLine(item, "%s: %s: want single values, or maps with a name", e.key, path)
			}
			names = append(names, item.Value)
		}
		e.values = append(e.values, path+"="+strings.Join(names, ","))
	default:
		return atLine(n, "%s: %s has no value", e.key, path)
	}
	return nil
}

// notInFiles are flags that only a command line has.
var notInFiles = []string{"config", "print-config", "help"}

// applyJob gives flags the values of a job file; those of the command line win.
func applyJob(flags *pflag.FlagSet, path string) error {
	text, err := readJob(path)
	if err != nil {
		return err
	}
	entries, err := parseJob(text)
	if err == nil {
		given := map[string]bool{}
		flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
		for _, e := range entries {
			if err = e.apply(flags, given); err != nil {
				err = &lineError{e.line, err}
				break
			}
		}
	}
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return nil
}

// readJob reads a job file; "-" is standard input.
func readJob(path string) ([]byte, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, fmt.Errorf("--config: %w", err)
		}
		defer f.Close()
	}
	text, err := io.ReadAll(io.LimitReader(f, maxJob+1))
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	return text, nil
}

// apply sets the flag of an entry, unless the command line gave it.
func (e jobEntry) apply(flags *pflag.FlagSet, given map[string]bool) error {
	f := flags.Lookup(e.key)
	if f == nil || slices.Contains(notInFiles, f.Name) {
		var known []string
		flags.VisitAll(func(f *pflag.Flag) {
			if !slices.Contains(notInFiles, f.Name) {
				known = append(known, f.Name)
			}
		})
		return fmt.Errorf("there is no %s, the nearest is %s", e.key, nearest.Name(e.key, known))
	}
	if e.isMap {
		return e.applyMap(flags, f, given)
	}
	if given[f.Name] {
		return nil
	}
	return setFlag(f, e.list, e.values)
}

// applyMap sets a flag that has a name and fields: optimizer and optimizer-set, loss and its options, read.
func (e jobEntry) applyMap(flags *pflag.FlagSet, f *pflag.Flag, given map[string]bool) error {
	set := flags.Lookup(f.Name + "-set")
	switch {
	case f.Name == "read" && e.name == "":
		if given[f.Name] {
			return nil
		}
		return setFlag(f, true, e.values)
	case f.Name == "loss":
		if given[f.Name] {
			return nil
		}
		return setFlag(f, false, []string{strings.Join(append([]string{e.name}, e.values...), ":")})
	case set == nil:
		return fmt.Errorf("%s is a map, want %s", f.Name, kindOf(f))
	}
	if given[f.Name] {
		return nil // fields of another
	}
	if e.name != "" {
		if err := setFlag(f, false, []string{e.name}); err != nil {
			return err
		}
	}
	list, _ := set.Value.(pflag.SliceValue)
	values := list.GetSlice()
	for _, v := range e.values {
		name, _, _ := strings.Cut(v, "=")
		if !slices.ContainsFunc(values, func(have string) bool { return strings.HasPrefix(have, name+"=") }) && !given[name] {
			values = append(values, v)
		}
	}
	return setFlag(set, true, values)
}

// setFlag gives a flag its value or values, as if the command line had.
func setFlag(f *pflag.Flag, list bool, values []string) error {
	if many, ok := f.Value.(pflag.SliceValue); ok {
		if err := many.Replace(values); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		f.Changed = true
		return nil
	}
	if list {
		return fmt.Errorf("%s is a list, want %s", f.Name, kindOf(f))
	}
	if err := f.Value.Set(values[0]); err != nil {
		return fmt.Errorf("%s is %q, want %s", f.Name, values[0], kindOf(f))
	}
	f.Changed = true
	return nil
}

// kindOf says in words what a flag's value is.
func kindOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "uint64":
		return "a whole number"
	case "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "duration":
		return "a duration above 0, as 500ms or 2m"
	case "mode":
		return "true, auto or no"
	case "stringArray", "stringSlice":
		return "a list"
	}
	return "one value"
}

// printJob writes all flags as a job file that does what this command line does. Flags that were not given are comments
// that say their defaults.
func printJob(out io.Writer, flags *pflag.FlagSet, effective map[string]string) error {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || slices.Contains(notInFiles, f.Name) {
			return
		}
		value, decided := effective[f.Name]
		switch list, many := f.Value.(pflag.SliceValue); {
		case many:
			text, _ := json.Marshal(append([]string{}, list.GetSlice()...))
			value = string(text)
		case !decided || f.Changed:
			value = jobScalar(f, f.Value.String())
		}
		if !f.Changed && !decided {
			b.WriteString("# ")
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Name, value)
	})
	_, err := io.WriteString(out, b.String())
	return err
}

var plainScalar = regexp.MustCompile(`^[A-Za-z./][A-Za-z0-9_./-]*$`)

// jobScalar writes a value so that YAML reads the same text.
func jobScalar(f *pflag.Flag, value string) string {
	switch f.Value.Type() {
	case "string":
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(value), &n); plainScalar.MatchString(value) && err == nil && len(n.Content) == 1 &&
			n.Content[0].Tag == "!!str" {
			return value
		}
		return strconv.Quote(value)
	case "mode":
		if value == "" {
			return "no"
		}
		return map[string]string{"must": "true", "auto": "auto"}[value]
	}
	return value
}
