package dataset

import (
	"fmt"
	"strings"
)

// Set is a data set known by name.
type Set struct {
	Name string
	What string // one line: what it is, how many samples, where it comes from
	// Open reads the set. dir is where its files are, "" for their usual place; a set that is part of the program ignores it.
	Open func(dir string) (train, test Source, err error)
}

// Sets lists the data sets known by name. A new one is a file and a row.
var Sets = []Set{
	{"digits", "1,797 handwritten digits, 8×8, part of the program (UCI, CC BY 4.0)",
		func(string) (Source, Source, error) { return Digits() }},
	{"fashion-mnist", "70,000 images of clothing, 28×28, four IDX files (MIT)", FashionMNIST},
}

// Open reads the data set of the given name from dir, or from its usual place where dir is empty. The error for an unknown name
// lists the known ones.
func Open(name, dir string) (train, test Source, err error) {
	var known []string
	for _, s := range Sets {
		if s.Name == name {
			return s.Open(dir)
		}
		known = append(known, s.Name)
	}
	return nil, nil, fmt.Errorf("dataset: no data set %q, there are %s", name, strings.Join(known, ", "))
}
